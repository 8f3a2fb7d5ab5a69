/* The array of sites, and how what is live divides into kinds. */
#include "sites.h"

#include <string.h>

#include "profiler.h"

uint32_t sites_add(Sites *sites, uint32_t count) {
  if (count > UINT32_MAX / 2 - sites->count) return 0;
  uint32_t needed = sites->count + count;
  if (needed > sites->capacity) {
    uint32_t capacity = needed > 2 * sites->capacity ? needed : 2 * sites->capacity;
    Site *larger = memory_uncounted(capacity, sizeof *larger);
    if (larger == NULL) return 0;
    if (sites->count > 0) memcpy(larger, sites->array, sites->count * sizeof *larger);
    memory_uncounted_free(sites->array);
    sites->array = larger;
    sites->capacity = capacity;
  }
  uint32_t first = sites->count;
  sites->count = needed;
  return first;
}

/* whole * part / of, rounded down; part <= of. */
static uint64_t share_of(uint64_t whole, uint64_t part, uint64_t of) {
  for (; of > UINT32_MAX; of >>= 1) part >>= 1;
  return of == 0 ? 0 : whole / of * part + whole % of * part / of;
}

/* What a site has allocated since it was updated last was all in the cycle of then: any other changes the epoch. */
void site_update(const Sites *sites, Site *s) {
  if (s->epoch < sites->peak_epoch) s->peak_live = s->bytes - s->gone;
  s->epoch = sites->epoch;
  if (s->cycle == sites->cycle_count) return;
  const Cycle *cycle = &sites->cycles[s->cycle];
  s->driven += share_of(cycle->work, s->bytes - s->counted, cycle->bytes);
  s->counted = s->bytes;
  s->cycle = sites->cycle_count;
}

void sites_end_cycle(Sites *sites, uint64_t allocated_bytes) {
  if (!profiler_grow(&sites->cycles, sites->cycle_count, &sites->cycle_capacity, sizeof *sites->cycles)) return;
  sites->cycles[sites->cycle_count++] = (Cycle){sites->cycle.work, allocated_bytes - sites->cycle.bytes};
  sites->cycle = (Cycle){0, allocated_bytes};
  sites->epoch++;
}

void sites_complete(Sites *sites, uint64_t allocated_bytes) {
  sites_end_cycle(sites, allocated_bytes);
  for (uint32_t i = 0; i < sites->count; i++) site_to_change(sites, i);
}

void sites_delete(Sites *sites) {
  memory_uncounted_free(sites->array);
  memory_uncounted_free(sites->cycles);
  memory_uncounted_free(sites->ended);
  memory_uncounted_free(sites->kinds);
  memset(sites, 0, sizeof *sites);
}

bool sites_end(Sites *sites) {
  uint64_t *ended = memory_uncounted(sites->count, sizeof *ended);
  if (ended == NULL) return false;
  for (uint32_t i = 0; i < sites->count; i++) ended[i] = site_live(sites, i);
  sites->ended = ended;
  sites->ended_count = sites->count;
  return true;
}

/* Counting in a table of all kinds of the sites that have anything live. */
typedef struct Tally {
  const Allocator *allocator;
  const uint32_t *rows; /* by site: its row in `kinds` */
  SiteKind *kinds;
} Tally;

static void tally_block(void *context, enum BlockKind kind, bool is_object, void *block, size_t size) {
  const Tally *tally = context;
  SiteKind *entry = &tally->kinds[tally->rows[memory_site(tally->allocator, block, size)] * BLOCK_KINDS + kind];
  entry->bytes += size;
  entry->objects += is_object;
}

bool sites_count_kinds(Sites *sites, VM *vm) {
  uint32_t *rows = memory_uncounted(sites->count, sizeof *rows);
  if (rows == NULL) return false;
  uint32_t row_count = 0;
  for (uint32_t i = 0; i < sites->count; i++)
    if (site_live(sites, i) > 0) rows[i] = row_count++;
  SiteKind *kinds = memory_uncounted((size_t)row_count * BLOCK_KINDS + 1, sizeof *kinds);
  if (kinds == NULL) {
    memory_uncounted_free(rows);
    return false;
  }
  Tally tally = {vm->allocator, rows, kinds};
  heap_visit(vm, tally_block, &tally);
  memory_uncounted_free(sites->kinds);
  sites->kinds = kinds;
  sites->kind_count = 0;
  for (uint32_t site = 0; site < sites->count; site++) {
    if (site_live(sites, site) == 0) continue;
    for (uint32_t kind = 0; kind < BLOCK_KINDS; kind++) {
      SiteKind entry = kinds[rows[site] * BLOCK_KINDS + kind];
      if (entry.bytes > 0) kinds[sites->kind_count++] = (SiteKind){site, kind, entry.bytes, entry.objects};
    }
  }
  memory_uncounted_free(rows);
  return true;
}
