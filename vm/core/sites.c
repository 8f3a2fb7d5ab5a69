/* The array of sites, and how what is live divides into kinds. */
#include "sites.h"

#include <string.h>

#include "memory.h"

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

void sites_delete(Sites *sites) {
  memory_uncounted_free(sites->array);
  memory_uncounted_free(sites->kinds);
  memset(sites, 0, sizeof *sites);
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
