/* How functions are recognized, and what is kept of them. */
#include "functions.h"

#include <stdlib.h>
#include <string.h>

#include "memory/gc.h"
#include "memory/memory.h"
#include "objects/str.h"
#include "opcodes.h"
#include "profiler.h"

#define FIRST_BUCKETS 64

/* The source that was looked at last; only while nothing is freed. */
typedef struct Source {
  const Str *str;
  uint64_t hash;
  const KeptText *kept; /* NULL: it has not been kept */
} Source;

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
  return hash ^ hash >> 29;
}

static uint64_t hash_of_text(const Str *s) {
  uint64_t hash = str_length(s);
  for (size_t i = 0; i < str_length(s); i++) hash = mix(hash, (uint8_t)s->text[i]);
  return hash;
}

/* A word of code without what its inline cache remembers. */
static uint32_t plain_word(const Proto *p, uint32_t at, uint32_t word) {
  const OpcodeRow *row = &OPCODE_ROWS[p->code[at] & 0xFF];
  return word > 0 && row->x == KIND_KEY ? p->code[at + word] & MAX_HINTED_KEY : p->code[at + word];
}

static uint32_t words_at(const Proto *p, uint32_t at) { return OPCODE_ROWS[p->code[at] & 0xFF].words; }

static uint64_t hash_of(const Proto *p, uint64_t source_hash) {
  uint64_t hash = mix(mix(source_hash, p->text_number), (uint64_t)(p->position) << 32 | (uint32_t)p->first_line);
  for (uint32_t at = 0; at < p->word_count; at += words_at(p, at))
    for (uint32_t word = 0; word < words_at(p, at); word++) hash = mix(hash, plain_word(p, at, word));
  return hash;
}

static bool has_code(const ProtoCounts *c, const Proto *p) {
  for (uint32_t at = 0; at < p->word_count; at += words_at(p, at))
    for (uint32_t word = 0; word < words_at(p, at); word++)
      if (c->code[at + word] != plain_word(p, at, word)) return false;
  return true;
}

static bool has_source(const ProtoCounts *c, const Source *source) {
  if (c->source == NULL || source->str == NULL) return c->source == NULL && source->str == NULL;
  if (c->source == source->kept) return true;
  size_t length = str_length(source->str);
  return c->source->length == length && memcmp(c->source->text, source->str->text, length) == 0;
}

static bool is_equal(const ProtoCounts *c, const Proto *p, const Source *source) {
  return c->position == p->position && c->text_number == p->text_number && c->first_line == p->first_line &&
         c->last_line == p->last_line && c->word_count == p->word_count && c->range_count == p->range_count &&
         has_source(c, source) && has_code(c, p) &&
         (p->range_count == 0 ||
          (memcmp(c->ranges, p->ranges, (size_t)p->range_count * RANGE_NUMBERS * sizeof(uint32_t)) == 0 &&
           memcmp(c->word_ranges, p->word_ranges, p->word_count * sizeof(uint32_t)) == 0));
}

/* Making a function is charged to the line where it begins: for debug.sethook and the like, as in the reference, it
   happens at its `end`. */
static void charge_lines(const Proto *p, uint32_t *lines) {
  memcpy(lines, p->lines, p->word_count * sizeof *lines);
  for (uint32_t at = 0; at < p->word_count; at += words_at(p, at))
    if ((p->code[at] & 0xFF) == OP_CLOSURE) lines[at] = (uint32_t)p->protos[p->code[at] >> 16]->first_line;
}

/* All that belongs to a function stands in one block behind its ProtoCounts. The counters are shifted by an odd number of
   cache lines that differs between functions: at a page's distance from the code they would evict it from the cache. */
static ProtoCounts *counts_new(const Profiler *profiler, const Proto *p) {
  size_t words = p->word_count, range_words = (size_t)p->range_count * RANGE_NUMBERS;
  bool is_sampled = profiler->mode == MODE_SAMPLE;
  size_t arrays = is_sampled ? 4 : profiler->mode == MODE_COUNT ? 2 : 3;
  size_t shift = (2 * (p->id % 16) + 1) * 64;
  size_t name_length = p->name != NULL ? str_length(p->name) : 0;
  size_t size = sizeof(ProtoCounts) + shift + words * (arrays * sizeof(uint64_t) + 3 * sizeof(uint32_t)) +
                range_words * sizeof(uint32_t) + name_length + 1;
  ProtoCounts *c = memory_uncounted(1, size);
  if (c == NULL) return NULL;
  uint64_t *next = (uint64_t *)((char *)(c + 1) + shift);
  c->taken = next;
  c->aborted = next += words;
  if (profiler->mode == MODE_ORACLE) c->every = next += words;
  if (profiler->mode == MODE_TRACE) c->ticks = next += words;
  if (is_sampled) c->samples = next += words, c->waiting = next += words;
  uint32_t *rest = (uint32_t *)(next + words);
  if (p->lines != NULL) charge_lines(p, c->lines = rest);
  c->code = rest += words;
  for (uint32_t at = 0; at < p->word_count; at += words_at(p, at))
    for (uint32_t word = 0; word < words_at(p, at); word++) rest[at + word] = plain_word(p, at, word);
  rest += words;
  if (p->range_count > 0) {
    c->ranges = memcpy(rest, p->ranges, range_words * sizeof(uint32_t));
    c->word_ranges = memcpy(rest + range_words, p->word_ranges, words * sizeof(uint32_t));
  }
  if (p->name != NULL) c->name = memcpy(rest + range_words + words, p->name->text, name_length);
  c->name_length = name_length;
  c->id = p->id;
  c->parent = p->parent != p->id ? p->parent : NO_PARENT;
  c->position = p->position;
  c->text_number = p->text_number;
  c->first_line = p->first_line;
  c->last_line = p->last_line;
  c->word_count = p->word_count;
  c->range_count = p->range_count;
  return c;
}

static bool keep_source(Functions *functions, Source *source) {
  if (source->str == NULL || source->kept != NULL) return true;
  size_t length = str_length(source->str);
  KeptText *kept = memory_uncounted(1, sizeof *kept + length + 1);
  if (kept == NULL) return false;
  kept->next = functions->texts;
  kept->hash = source->hash;
  kept->length = length;
  memcpy(kept->text, source->str->text, length);
  source->kept = functions->texts = kept;
  return true;
}

static bool grow_buckets(Functions *functions) {
  if (functions->count < functions->bucket_count) return true;
  uint32_t count = functions->bucket_count > 0 ? 2 * functions->bucket_count : FIRST_BUCKETS;
  ProtoCounts **buckets = memory_uncounted(count, sizeof *buckets);
  if (buckets == NULL) return false;
  for (uint32_t i = 0; i < functions->count; i++) {
    ProtoCounts *c = functions->array[i];
    c->next = buckets[c->hash % count];
    buckets[c->hash % count] = c;
  }
  memory_uncounted_free(functions->buckets);
  functions->buckets = buckets;
  functions->bucket_count = count;
  return true;
}

/* The counters of an equal function that is known; NULL if there is none. */
static ProtoCounts *find(const Functions *functions, const Proto *p, const Source *source, uint64_t hash) {
  if (functions->bucket_count == 0) return NULL;
  for (ProtoCounts *c = functions->buckets[hash % functions->bucket_count]; c != NULL; c = c->next)
    if (c->hash == hash && is_equal(c, p, source)) return c;
  return NULL;
}

static ProtoCounts *add(Profiler *profiler, const Proto *p, Source *source, uint64_t hash) {
  Functions *functions = &profiler->functions;
  if (!keep_source(functions, source) || !grow_buckets(functions) ||
      !profiler_grow(&functions->array, functions->count, &functions->capacity, sizeof(ProtoCounts *)))
    return NULL;
  uint32_t first_site = sites_add(&profiler->sites, p->word_count + 1);
  ProtoCounts *c = first_site != 0 ? counts_new(profiler, p) : NULL;
  if (c == NULL) return NULL;
  c->source = source->kept;
  c->first_site = first_site;
  c->hash = hash;
  c->next = functions->buckets[hash % functions->bucket_count];
  functions->buckets[hash % functions->bucket_count] = c;
  functions->array[functions->count++] = c;
  return c;
}

static bool attach(Profiler *profiler, Proto *p, Source *source) {
  if (p->counts != NULL) return true;
  if (p->source != source->str) *source = (Source){p->source, p->source != NULL ? hash_of_text(p->source) : 0, NULL};
  uint64_t hash = hash_of(p, source->hash);
  ProtoCounts *c = find(&profiler->functions, p, source, hash);
  if (c == NULL) c = add(profiler, p, source, hash);
  if (c == NULL) return false;
  source->kept = c->source;
  if (p->parent == p->id) p->parent = c->id;
  p->id = c->id;
  p->counts = c;
  p->first_site = c->first_site;
  p->entries = 0;
  p->taken = (uintptr_t)c->taken - 2 * (uintptr_t)p->code;
  for (uint32_t i = 0; i < p->proto_count; i++) {
    p->protos[i]->parent = p->id;
    if (!attach(profiler, p->protos[i], source)) return false;
  }
  return true;
}

bool functions_attach(Profiler *profiler, Proto *p) {
  Source source = {NULL, 0, NULL};
  return attach(profiler, p, &source);
}

bool functions_attach_all(Profiler *profiler) {
  const VM *vm = profiler->vm;
  Source source = {NULL, 0, NULL};
  for (Object *o = vm->gc->all; o != NULL; o = o->next)
    if (o->tag == TAG_PROTO && !gc_is_dead(vm, o) && !attach(profiler, (Proto *)o, &source)) return false;
  return true;
}

static int by_id(const void *left, const void *right) {
  const ProtoCounts *a = *(ProtoCounts *const *)left, *b = *(ProtoCounts *const *)right;
  return a->id < b->id ? -1 : a->id > b->id;
}

void functions_complete(Profiler *profiler) {
  for (Object *o = profiler->vm->gc->all; o != NULL; o = o->next) {
    if (o->tag != TAG_PROTO || ((Proto *)o)->counts == NULL) continue;
    Proto *p = (Proto *)o;
    p->counts->entries += p->entries;
    p->entries = 0;
  }
  Functions *functions = &profiler->functions;
  if (functions->count > 0) qsort(functions->array, functions->count, sizeof(ProtoCounts *), by_id);
}

void functions_delete(Profiler *profiler) {
  for (Object *o = profiler->vm->gc->all; o != NULL; o = o->next)
    if (o->tag == TAG_PROTO) profiler_detach((Proto *)o);
  Functions *functions = &profiler->functions;
  for (uint32_t i = 0; i < functions->count; i++) {
    memory_uncounted_free(functions->array[i]->not_begun);
    memory_uncounted_free(functions->array[i]);
  }
  memory_uncounted_free(functions->array);
  memory_uncounted_free(functions->buckets);
  while (functions->texts != NULL) {
    KeptText *next = functions->texts->next;
    memory_uncounted_free(functions->texts);
    functions->texts = next;
  }
}
