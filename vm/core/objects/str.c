/* Strings: the intern table of short ones, hashing, comparison. */
#include "str.h"

#include <string.h>

#include "error.h"
#include "memory/gc.h"
#include "memory/memory.h"
#include "serial.h"

#define FIRST_BUCKETS 256

static inline uint64_t mix(uint64_t h) {
  h *= 0x9E3779B97F4A7C15u;
  return h ^ h >> 32;
}

/* Four or eight bytes as a number, the same one on every machine. */
static inline uint32_t load_half(const char *text) {
  const uint8_t *b = (const uint8_t *)text;
  return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline uint64_t load(const char *text) { return load_half(text) | (uint64_t)load_half(text + 4) << 32; }

/* Eight bytes a step; the tail overlaps the last step, so no byte loop is needed. */
static inline uint32_t hash_bytes(const char *text, size_t length, uint32_t seed) {
  uint64_t h = seed ^ (uint64_t)length * 0x9E3779B1u;
  if (length >= 8) {
    for (size_t i = 0; i + 8 <= length; i += 8) h = mix(h ^ load(text + i));
    h = mix(h ^ load(text + length - 8));
  } else if (length >= 4) {
    h = mix(h ^ (load_half(text) | (uint64_t)load_half(text + length - 4) << 32));
  } else if (length > 0) {
    uint64_t word = (uint8_t)text[0] | (uint64_t)(uint8_t)text[length / 2] << 8 | (uint64_t)(uint8_t)text[length - 1] << 16;
    h = mix(h ^ word);
  }
  return (uint32_t)(h * 0xD6E8FEB86659FD93u >> 32); /* what differs in the last bytes alone has not come to the lower bits */
}

/* As memcmp() == 0, without a call: texts are short, and interned again and again. */
static inline bool is_same(const char *a, const char *b, size_t length) {
  if (length >= 8) {
    for (size_t i = 0; i + 8 <= length; i += 8)
      if (load(a + i) != load(b + i)) return false;
    return load(a + length - 8) == load(b + length - 8);
  }
  if (length >= 4) return load_half(a) == load_half(b) && load_half(a + length - 4) == load_half(b + length - 4);
  return length == 0 || (a[0] == b[0] && a[length / 2] == b[length / 2] && a[length - 1] == b[length - 1]);
}

static void resize_buckets(Thread *L, uint32_t count) {
  StringTable *table = &L->vm->strings;
  Str **buckets = memory_array(L, NULL, 0, count, sizeof *buckets);
  memset(buckets, 0, count * sizeof *buckets);
  for (uint32_t i = 0; table->buckets != NULL && i <= table->mask; i++) {
    for (Str *s = table->buckets[i]; s != NULL;) {
      Str *next = s->chain;
      Str **bucket = &buckets[s->hash & (count - 1)];
      s->chain = *bucket;
      *bucket = s;
      s = next;
    }
  }
  if (table->buckets != NULL)
    memory_free(L->vm, table->buckets, (table->mask + (size_t)1) * sizeof *table->buckets);
  table->buckets = buckets;
  table->mask = count - 1;
}

void str_forget_found(VM *vm) { memset(vm->strings.found, 0, sizeof vm->strings.found); }

void str_table_init(Thread *L) { resize_buckets(L, FIRST_BUCKETS); }

void str_table_free(VM *vm) {
  memory_free(vm, vm->strings.buckets, (vm->strings.mask + (size_t)1) * sizeof *vm->strings.buckets);
  vm->strings.buckets = NULL;
}

static Str *intern(Thread *L, const char *text, size_t length) {
  VM *vm = L->vm;
  StringTable *table = &vm->strings;
  uint32_t hash = hash_bytes(text, length, vm->seed);
  for (Str *s = table->buckets[hash & table->mask]; s != NULL; s = s->chain) {
    if (s->hash == hash && s->short_length == length && is_same(s->text, text, length)) {
      if (gc_is_dead(vm, (Object *)s)) gc_revive((Object *)s); /* unreachable, but not swept yet */
      table->found[table->finds++ % FOUND_STRINGS] = s;
      return s;
    }
  }
  if (UNLIKELY(table->used > table->mask) && table->mask < UINT32_MAX / 4) resize_buckets(L, (table->mask + 1) * 2);
  Str *s = gc_new_object(L, TAG_STR, str_size(length));
  s->short_length = (uint8_t)length;
  s->flags = STR_HASHED;
  s->hash = hash;
  memcpy(s->text, text, length);
  s->text[length] = '\0';
  Str **bucket = &table->buckets[hash & table->mask];
  s->chain = *bucket;
  *bucket = s;
  table->used++;
  return s;
}

Str *str_new_long(Thread *L, size_t length) {
  if (length > SIZE_MAX / 4) error_memory(L);
  Str *s = gc_new_object(L, TAG_LONGSTR, str_size(length));
  s->flags = 0;
  s->short_length = 0;
  s->hash = 0;
  s->long_length = length;
  s->text[length] = '\0';
  return s;
}

Str *str_new(Thread *L, const char *text, size_t length) {
  if (length <= MAX_SHORT_STRING) return intern(L, text, length);
  Str *s = str_new_long(L, length);
  memcpy(s->text, text, length);
  return s;
}

Str *str_from(Thread *L, const char *zero_terminated) { return str_new(L, zero_terminated, strlen(zero_terminated)); }

bool str_equal_long(const Str *a, const Str *b) {
  return a->long_length == b->long_length && memcmp(a->text, b->text, a->long_length) == 0;
}

uint32_t str_hash(Str *s) {
  if (!(s->flags & STR_HASHED)) {
    s->hash = hash_bytes(s->text, s->long_length, 0x5bd1e995u);
    s->flags |= STR_HASHED;
  }
  return s->hash;
}

int str_compare(const Str *a, const Str *b) {
  const char *left = a->text, *right = b->text;
  size_t left_rest = str_length(a), right_rest = str_length(b);
  for (;;) { /* strcoll stops at zeros, so compare piece by piece */
    int order = strcoll(left, right);
    if (order != 0) return order;
    size_t piece = strlen(left);
    if (piece == right_rest) return piece == left_rest ? 0 : 1;
    if (piece == left_rest) return -1;
    piece++;
    left += piece;
    right += piece;
    left_rest -= piece;
    right_rest -= piece;
  }
}

void str_free(VM *vm, Str *s) {
  if (UNLIKELY(s->flags & STR_NUMBERED)) serial_forget(vm, s);
  if (s->tag == TAG_STR) {
    Str **link = &vm->strings.buckets[s->hash & vm->strings.mask];
    while (*link != s) link = &(*link)->chain;
    *link = s->chain;
    vm->strings.used--;
    memory_free(vm, s, str_size(s->short_length));
  } else {
    memory_free(vm, s, str_size(s->long_length));
  }
}
