/* What a profile has recorded, piece by piece. */
#include "raw.h"

#include "cpu.h"

/* --- pieces */

static void put_natural(RawSink *sink, const char *key, uint64_t n) {
  sink->text(sink, key);
  sink->natural(sink, n);
}

static void put_integer(RawSink *sink, const char *key, int64_t n) {
  sink->text(sink, key);
  sink->integer(sink, n);
}

static void put_real(RawSink *sink, const char *key, double x) {
  sink->text(sink, key);
  sink->real(sink, x);
}

static void tell_text_or_none(RawSink *sink, const char *text) {
  if (text == NULL) sink->none(sink);
  else sink->text(sink, text);
}

static void put_bytes_or_none(RawSink *sink, const char *key, const void *bytes, size_t length) {
  sink->text(sink, key);
  if (bytes == NULL) sink->none(sink);
  else sink->bytes(sink, bytes, length);
}

/* An empty string for no array. */
static void put_array(RawSink *sink, const char *key, const void *array, size_t size) {
  sink->text(sink, key);
  sink->bytes(sink, array != NULL ? array : "", array != NULL ? size : 0);
}

static void put_list(RawSink *sink, const char *key) {
  sink->text(sink, key);
  sink->begin(sink, RAW_LIST);
}

/* What stamps were taken off again may leave less than nothing. */
static uint64_t ticks_left(uint64_t ticks) { return ticks > INT64_MAX ? 0 : ticks; }

/* --- functions */

enum Figure { FIGURE_COUNTS, FIGURE_TICKS, SITE_ALLOCATIONS, SITE_BYTES, SITE_LIVE, SITE_PEAK_LIVE, SITE_DRIVEN };

static uint64_t site_figure(const Sites *sites, uint32_t site, enum Figure figure) {
  const Site *s = &sites->array[site];
  switch (figure) {
    case SITE_ALLOCATIONS: return s->allocations;
    case SITE_BYTES: return s->bytes;
    case SITE_LIVE: return site_live(sites, site);
    case SITE_DRIVEN: return s->driven;
    default: return site_peak_live(sites, site);
  }
}

static void derive_column(const Sites *sites, const ProtoCounts *c, enum Figure figure, uint64_t *column) {
  if (figure == FIGURE_COUNTS) {
    profiler_derive(c, column);
  } else if (figure == FIGURE_TICKS) {
    for (uint32_t i = 0; i < c->word_count; i++) column[i] = ticks_left(c->ticks[i]);
  } else {
    column[0] = site_figure(sites, c->first_site, figure); /* before the first instruction */
    for (uint32_t i = 1; i < c->word_count; i++) column[i] = 0;
    for (uint32_t i = 0; i < c->word_count; i++) column[i] += site_figure(sites, c->first_site + 1 + i, figure);
  }
}

/* A figure of all instructions of a function that does not stand in an array. */
static void put_column(RawSink *sink, const char *key, const Sites *sites, const ProtoCounts *c, enum Figure figure) {
  uint64_t *column = memory_uncounted(c->word_count, sizeof *column);
  sink->failed |= column == NULL;
  if (sink->failed) return;
  derive_column(sites, c, figure, column);
  put_array(sink, key, column, c->word_count * sizeof *column);
  memory_uncounted_free(column);
}

/* The index of the first entry of a site at or behind `site`. */
static uint32_t first_kind(const Sites *sites, uint32_t site) {
  uint32_t low = 0, high = sites->kind_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (sites->kinds[middle].site < site)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* What is live of so many sites: (word of the function they are of, kind, bytes, objects). */
static void put_kinds(RawSink *sink, const char *key, const Sites *sites, uint32_t first, uint32_t count) {
  put_list(sink, key);
  for (uint32_t i = first_kind(sites, first); i < sites->kind_count && sites->kinds[i].site < first + count; i++) {
    const SiteKind *k = &sites->kinds[i];
    sink->begin(sink, RAW_ROW);
    sink->natural(sink, k->site > first ? k->site - first - 1 : 0);
    sink->text(sink, block_kind_names[k->kind]);
    sink->natural(sink, k->bytes);
    sink->natural(sink, k->objects);
    sink->end(sink);
  }
  sink->end(sink);
}

static void tell_function(RawSink *sink, const Sites *sites, const ProtoCounts *c) {
  size_t size = c->word_count * sizeof(uint64_t), half = c->word_count * sizeof(uint32_t);
  const KeptText *source = c->source;
  sink->begin(sink, RAW_MAP);
  put_natural(sink, "id", c->id);
  put_natural(sink, "text", c->text_number);
  sink->text(sink, "parent");
  if (c->parent == NO_PARENT) sink->none(sink);
  else sink->natural(sink, c->parent);
  put_bytes_or_none(sink, "name", c->name, c->name_length);
  put_bytes_or_none(sink, "source", source != NULL ? source->text : NULL, source != NULL ? source->length : 0);
  put_integer(sink, "first_line", c->first_line);
  put_integer(sink, "last_line", c->last_line);
  put_array(sink, "code", c->code, half);
  put_array(sink, "lines", c->lines, half);
  put_array(sink, "ranges", c->ranges, (size_t)c->range_count * 5 * sizeof(uint32_t));
  put_array(sink, "word_ranges", c->word_ranges, half);
  put_natural(sink, "entries", c->entries);
  put_column(sink, "counts", sites, c, FIGURE_COUNTS);
  put_bytes_or_none(sink, "every", c->every, size);
  if (c->ticks != NULL) put_column(sink, "ticks", sites, c, FIGURE_TICKS);
  else put_bytes_or_none(sink, "ticks", NULL, 0);
  put_bytes_or_none(sink, "samples", c->samples, size);
  put_bytes_or_none(sink, "waiting", c->waiting, size);
  put_array(sink, "taken", c->taken, size);
  put_array(sink, "aborted", c->aborted, size);
  put_column(sink, "allocations", sites, c, SITE_ALLOCATIONS);
  put_column(sink, "allocated_bytes", sites, c, SITE_BYTES);
  put_column(sink, "live_bytes", sites, c, SITE_LIVE);
  put_column(sink, "peak_live_bytes", sites, c, SITE_PEAK_LIVE);
  put_column(sink, "gc_driven", sites, c, SITE_DRIVEN);
  put_kinds(sink, "live_kinds", sites, c->first_site, c->word_count + 1);
  sink->end(sink);
}

/* In the order of their ids. */
static void put_functions(RawSink *sink, const Profiler *profiler) {
  put_list(sink, "functions");
  for (uint32_t i = 0; i < profiler->functions.count && !sink->failed; i++)
    tell_function(sink, &profiler->sites, profiler->functions.array[i]);
  sink->end(sink);
}

static void put_builtins(RawSink *sink, const Profiler *profiler) {
  put_list(sink, "builtins");
  for (uint32_t i = 0; i < profiler->builtin_count; i++) {
    const BuiltinCount *b = &profiler->builtins[i];
    sink->begin(sink, RAW_ROW);
    sink->text(sink, b->name);
    sink->natural(sink, b->calls);
    sink->natural(sink, ticks_left(b->ticks));
    sink->natural(sink, b->samples);
    sink->end(sink);
  }
  sink->end(sink);
}

/* --- samples */

/* The call tree's nodes, parents first: (parent, function id, line, name of the library function or None, samples), or how
   many of these found the thread waiting. */
static void put_tree(RawSink *sink, const Samples *samples, bool waiting) {
  put_list(sink, "tree");
  for (uint32_t i = 0; i < samples->node_count; i++) {
    const TreeNode *n = &samples->nodes[i];
    if (waiting) {
      sink->natural(sink, n->waiting);
      continue;
    }
    sink->begin(sink, RAW_ROW);
    sink->natural(sink, n->parent);
    sink->natural(sink, n->function);
    sink->natural(sink, n->line);
    tell_text_or_none(sink, n->builtin != NO_BUILTIN && i > 0 ? samples->builtins[n->builtin].name : NULL);
    sink->natural(sink, n->samples);
    sink->end(sink);
  }
  sink->end(sink);
}

static void put_waiting(RawSink *sink, const Profiler *profiler, const Samples *samples) {
  sink->text(sink, "waiting");
  if (!samples->knows_waiting) {
    sink->none(sink);
    return;
  }
  sink->begin(sink, RAW_MAP);
  put_natural(sink, "samples", samples->waiting);
  put_natural(sink, "gc", samples->activities_waiting[ACTIVITY_COLLECTING]);
  put_natural(sink, "compile", samples->activities_waiting[ACTIVITY_COMPILING]);
  put_natural(sink, "outside", samples->outside_waiting);
  sink->text(sink, "builtins"); /* of which a sample found the thread waiting */
  sink->begin(sink, RAW_MAP);
  for (uint32_t i = 0; i < profiler->builtin_count; i++) {
    const BuiltinCount *b = &profiler->builtins[i];
    if (b->waiting > 0) put_natural(sink, b->name, b->waiting);
  }
  sink->end(sink);
  put_tree(sink, samples, true);
  sink->end(sink);
}

static void put_sampling(RawSink *sink, const Profiler *profiler) {
  static const char *const kinds[] = {[SAMPLER_SIGNAL] = "signal", [SAMPLER_THREAD] = "thread", [SAMPLER_STEPS] = "steps"};
  sink->text(sink, "sampling");
  if (profiler->sampler == NULL) {
    sink->none(sink);
    return;
  }
  const Samples *samples = sampler_samples(profiler->sampler);
  sink->begin(sink, RAW_MAP);
  sink->text(sink, "sampler");
  sink->text(sink, kinds[sampler_kind(profiler->sampler)]);
  put_natural(sink, "interval_ns", sampler_interval_ns(profiler->sampler));
  put_natural(sink, "samples", samples->all);
  put_natural(sink, "gc_samples", samples->activities[ACTIVITY_COLLECTING]);
  put_natural(sink, "compile_samples", samples->activities[ACTIVITY_COMPILING]);
  put_natural(sink, "outside_samples", samples->outside);
  put_tree(sink, samples, false);
  put_waiting(sink, profiler, samples);
  sink->end(sink);
}

/* --- the whole */

static void tell_cpu(RawSink *sink, const Profiler *profiler, uint64_t ns) {
  if (profiler->cpu_ns == CPU_UNKNOWN) sink->none(sink);
  else sink->natural(sink, ns);
}

static void put_zones(RawSink *sink, const Profiler *profiler) {
  put_list(sink, "zones");
  for (uint32_t i = 0; i < profiler->zone_count; i++) {
    const Zone *z = &profiler->zones[i];
    sink->begin(sink, RAW_ROW);
    sink->bytes(sink, z->name, z->length);
    sink->natural(sink, z->calls);
    sink->natural(sink, z->ns);
    sink->natural(sink, z->allocated_bytes);
    sink->natural(sink, z->allocations);
    tell_cpu(sink, profiler, z->cpu_ns);
    sink->end(sink);
  }
  sink->end(sink);
}

static void put_chain(RawSink *sink, const Profiler *profiler) {
  put_list(sink, "peak_chain");
  for (uint32_t i = 0; i < profiler->chain_count && i < CHAIN_ENTRIES; i++) {
    const ChainEntry *e = &profiler->chain[i];
    sink->begin(sink, RAW_ROW);
    sink->natural(sink, e->function);
    sink->natural(sink, e->line);
    tell_text_or_none(sink, e->builtin);
    sink->end(sink);
  }
  sink->end(sink);
}

static void put_collector(RawSink *sink, const Collector *c) {
  sink->text(sink, "collector");
  sink->begin(sink, RAW_MAP);
  put_natural(sink, "cycles", c->cycles);
  put_natural(sink, "work", c->work);
  put_natural(sink, "freed_bytes", c->freed.bytes);
  put_natural(sink, "freed_objects", c->freed.objects);
  put_list(sink, "walked");
  for (int kind = 0; kind < BLOCK_KINDS; kind++) {
    sink->begin(sink, RAW_ROW);
    sink->text(sink, block_kind_names[kind]);
    sink->natural(sink, c->walked[kind].bytes);
    sink->natural(sink, c->walked[kind].objects);
    sink->end(sink);
  }
  sink->end(sink);
  sink->end(sink);
}

static void put_times(RawSink *sink, const Profiler *profiler) {
  put_natural(sink, "wall_ns", profiler_elapsed_ns(profiler));
  put_natural(sink, "run_ns", profiler->run_ns);
  sink->text(sink, "cpu_ns");
  tell_cpu(sink, profiler, profiler->cpu_ns);
  put_natural(sink, "gc_ticks", profiler->activity_ticks[ACTIVITY_COLLECTING]);
  put_natural(sink, "compile_ticks", profiler->activity_ticks[ACTIVITY_COMPILING]);
  put_natural(sink, "outside_ticks", profiler->outside_ticks);
  put_real(sink, "ns_per_tick", profiler->ns_per_tick);
  put_real(sink, "probe_ticks", profiler->probe.added_ticks);
  put_real(sink, "hidden_ticks", profiler->probe.hidden_ticks);
}

static void put_memory(RawSink *sink, const Profiler *profiler) {
  const Sites *sites = &profiler->sites;
  put_natural(sink, "started_bytes", profiler->started_bytes);
  put_natural(sink, "current_bytes", profiler->current_bytes);
  put_natural(sink, "peak_bytes", profiler->peak_bytes);
  put_natural(sink, "allocated_bytes", profiler_allocated_bytes(profiler));
  put_natural(sink, "released_bytes", profiler->released_bytes);
  put_natural(sink, "allocations", profiler->allocations);
  put_natural(sink, "outside_allocations", sites->array[SITE_OUTSIDE].allocations);
  put_natural(sink, "outside_bytes", sites->array[SITE_OUTSIDE].bytes);
  put_natural(sink, "outside_live_bytes", site_live(sites, SITE_OUTSIDE));
  put_natural(sink, "outside_peak_live_bytes", site_peak_live(sites, SITE_OUTSIDE));
  put_natural(sink, "before_live_bytes", site_live(sites, SITE_BEFORE));
  put_natural(sink, "before_peak_live_bytes", site_peak_live(sites, SITE_BEFORE));
  put_kinds(sink, "live_kinds", sites, 0, FIRST_SITE);
  put_integer(sink, "paused_bytes", profiler->paused_bytes);
  put_integer(sink, "closing_bytes", profiler->closing_bytes);
}

void raw_tell(RawSink *sink, const Profiler *profiler) {
  sink->begin(sink, RAW_MAP);
  put_functions(sink, profiler);
  put_builtins(sink, profiler);
  put_sampling(sink, profiler);
  put_times(sink, profiler);
  put_memory(sink, profiler);
  put_collector(sink, &profiler->collector);
  put_zones(sink, profiler);
  put_chain(sink, profiler);
  put_natural(sink, "peak_chain_length", profiler->chain_count);
  put_natural(sink, "peak_chain_depth", profiler->chain_depth);
  put_natural(sink, "current_depth", profiler->current_depth);
  put_natural(sink, "peak_depth", profiler->peak_depth);
  sink->end(sink);
}
