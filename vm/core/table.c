/* Tables: an array part for 1..n and a chained scatter hash with Brent's variation (a colliding key that is not in its
   main position makes way). An entry's chain is relative and lives in the spare word of its value. */
#include "table.h"

#include <math.h>
#include <string.h>

#include "debuginfo.h"
#include "gc.h"
#include "memory.h"
#include "number.h"
#include "str.h"

#define MAX_ARRAY_BITS 27
#define MAX_NODE_BITS 28

const Value nil_value = {{0}, TAG_NIL, 0};
Node empty_node = {{{0}, TAG_NIL, 0}, 0, TAG_NIL, 0};

static inline bool has_nodes(const Table *t) { return t->node != &empty_node; }
static inline uint32_t node_count(const Table *t) { return has_nodes(t) ? t->node_mask + 1 : 0; }
static inline int32_t chain_of(const Node *n) { return (int32_t)n->value.spare; }
static inline void set_chain(Node *n, int32_t distance) { n->value.spare = (uint32_t)distance; }

static inline uint32_t hash_word(uint64_t w) { return (uint32_t)(w * 0x9E3779B97F4A7C15u >> 32); }

static inline Node *main_position_int(const Table *t, int64_t key) {
  return t->node + (hash_word((uint64_t)key) & t->node_mask);
}

static Node *main_position(const Table *t, uint32_t tag, uint64_t bits) {
  uint32_t hash;
  switch (tag) {
    case TAG_STR: hash = ((const Str *)(uintptr_t)bits)->hash; break;
    case TAG_LONGSTR: hash = str_hash((Str *)(uintptr_t)bits); break;
    case TAG_FALSE: hash = 1; break;
    case TAG_TRUE: hash = 2; break;
    default: hash = hash_word(bits); break;
  }
  return t->node + (hash & t->node_mask);
}

/* Keys that compare by payload alone: all but floats (-0.0 is normalised away with the integral ones), long strings. */
static inline bool key_is(const Node *n, uint32_t tag, uint64_t bits) {
  if (n->key_tag != tag) return false;
  if (n->key == bits || tag <= TAG_TRUE) return true;
  return tag == TAG_LONGSTR && str_equal_long((const Str *)(uintptr_t)n->key, (const Str *)(uintptr_t)bits);
}

static Node *find_node(const Table *t, uint32_t tag, uint64_t bits) {
  Node *n = main_position(t, tag, bits);
  for (;;) {
    if (key_is(n, tag, bits)) return n;
    int32_t chain = chain_of(n);
    if (chain == 0) return NULL;
    n += chain;
  }
}

const Value *table_get_short(Table *t, const Str *key) {
  const Node *n = t->node + (key->hash & t->node_mask);
  for (;;) {
    if (n->key == (uint64_t)(uintptr_t)key && n->key_tag == TAG_STR) return &n->value;
    int32_t chain = chain_of(n);
    if (chain == 0) return &nil_value;
    n += chain;
  }
}

const Value *table_get_str(Table *t, Str *key) {
  if (key->tag == TAG_STR) return table_get_short(t, key);
  const Node *n = find_node(t, TAG_LONGSTR, (uint64_t)(uintptr_t)key);
  return n != NULL ? &n->value : &nil_value;
}

const Value *table_get_int(Table *t, int64_t key) {
  if ((uint64_t)key - 1 < t->array_size) return &t->array[key - 1];
  const Node *n = main_position_int(t, key);
  for (;;) {
    if (n->key == (uint64_t)key && n->key_tag == TAG_INT) return &n->value;
    int32_t chain = chain_of(n);
    if (chain == 0) return &nil_value;
    n += chain;
  }
}

const Value *table_get(Table *t, const Value *key) {
  switch (key->tag) {
    case TAG_STR: return table_get_short(t, key->str);
    case TAG_INT: return table_get_int(t, key->i);
    case TAG_NIL: return &nil_value;
    case TAG_FLOAT: {
      int64_t i;
      if (float_to_int(key->n, &i)) return table_get_int(t, i);
      const Node *n = find_node(t, TAG_FLOAT, key->bits);
      return n != NULL ? &n->value : &nil_value;
    }
    default: {
      const Node *n = find_node(t, key->tag, key->bits);
      return n != NULL ? &n->value : &nil_value;
    }
  }
}

/* --- sizes */

static void set_nodes(Thread *L, Table *t, uint32_t fields) {
  if (fields == 0) {
    t->node = &empty_node;
    t->node_bits = 0;
    t->node_mask = 0;
    t->last_free = 0;
    return;
  }
  uint8_t bits = 0;
  while (bits < 31 && (UINT32_C(1) << bits) < fields) bits++;
  if (bits > MAX_NODE_BITS) error_runtime(L, "table overflow");
  uint32_t count = UINT32_C(1) << bits;
  Node *nodes = memory_array(L, NULL, 0, count, sizeof *nodes);
  for (uint32_t i = 0; i < count; i++) {
    set_nil(&nodes[i].value);
    nodes[i].value.spare = 0;
    nodes[i].key = 0;
    nodes[i].key_tag = TAG_NIL;
  }
  t->node = nodes;
  t->node_bits = bits;
  t->node_mask = count - 1;
  t->last_free = count;
}

Table *table_new(Thread *L, uint32_t array_size, uint32_t fields) {
  Table *t = gc_new_object(L, TAG_TABLE, sizeof *t);
  t->absent = 0;
  t->array_size = 0;
  t->border = 0;
  t->array = NULL;
  t->node = &empty_node;
  t->node_bits = 0;
  t->node_mask = 0;
  t->last_free = 0;
  t->meta = NULL;
  t->gray_next = NULL;
  if (array_size > 0 || fields > 0) {
    if (fields > 0) set_nodes(L, t, fields);
    if (array_size > 0) {
      Value *array = memory_array(L, NULL, 0, array_size, sizeof *array);
      for (uint32_t i = 0; i < array_size; i++) {
        set_nil(&array[i]);
        array[i].spare = 0;
      }
      t->array = array;
      t->array_size = array_size;
    }
  }
  return t;
}

void table_free(VM *vm, Table *t) {
  if (has_nodes(t)) memory_free(vm, t->node, node_count(t) * sizeof(Node));
  memory_free(vm, t->array, t->array_size * sizeof(Value));
  memory_free(vm, t, sizeof *t);
}

/* Where a new entry goes; the key is not in the table and there is room or it grows. */
static Value *insert(Thread *L, Table *t, uint32_t tag, uint64_t bits);

static void resize_array(Thread *L, Table *t, uint32_t size) {
  Value *array = memory_array(L, t->array, t->array_size, size, sizeof *array);
  for (uint32_t i = t->array_size; i < size; i++) {
    set_nil(&array[i]);
    array[i].spare = 0;
  }
  t->array = array;
  t->array_size = size;
}

/* Values of the array part beyond a new size, kept while the parts are exchanged. */
void table_resize(Thread *L, Table *t, uint32_t array_size, uint32_t fields) {
  Node *old_nodes = t->node;
  uint32_t old_count = node_count(t);
  uint32_t old_array = t->array_size;
  uint32_t kept = old_array < array_size ? old_array : array_size;
  Table fresh = *t; /* build the new hash part aside, so that running out of memory changes nothing */
  set_nodes(L, &fresh, fields);
  if (array_size > old_array) {
    Value *array = memory_try_resize(L->vm, t->array, old_array * sizeof(Value), array_size * sizeof(Value));
    if (array == NULL) {
      if (has_nodes(&fresh)) memory_free(L->vm, fresh.node, node_count(&fresh) * sizeof(Node));
      error_memory(L);
    }
    for (uint32_t i = old_array; i < array_size; i++) {
      set_nil(&array[i]);
      array[i].spare = 0;
    }
    t->array = array;
    t->array_size = array_size;
  }
  t->node = fresh.node;
  t->node_bits = fresh.node_bits;
  t->node_mask = fresh.node_mask;
  t->last_free = fresh.last_free;
  if (array_size < old_array) {
    t->array_size = array_size; /* so that the entries beyond go to the hash part */
    for (uint32_t i = kept; i < old_array; i++) {
      if (!is_nil(&t->array[i])) value_copy(insert(L, t, TAG_INT, (uint64_t)i + 1), &t->array[i]);
    }
    if (array_size == 0) {
      memory_free(L->vm, t->array, old_array * sizeof(Value));
      t->array = NULL;
    } else {
      Value *array = memory_try_resize(L->vm, t->array, old_array * sizeof(Value), array_size * sizeof(Value));
      if (array == NULL) error_memory(L);
      t->array = array;
    }
    if (t->border > array_size) t->border = array_size;
  }
  for (uint32_t i = old_count; i-- > 0;) {
    Node *n = &old_nodes[i];
    if (is_nil(&n->value)) continue;
    if (n->key_tag == TAG_INT && n->key - 1 < t->array_size)
      value_copy(&t->array[n->key - 1], &n->value);
    else
      value_copy(insert(L, t, n->key_tag, n->key), &n->value);
  }
  if (old_count > 0) memory_free(L->vm, old_nodes, old_count * sizeof(Node));
}

static int ceil_log2(uint64_t x) {
  int bits = 0;
  while (bits < 63 && (UINT64_C(1) << bits) < x) bits++;
  return bits;
}

/* bins[b] counts the integer keys in (2^(b-1), 2^b]. */
static uint32_t count_array(const Table *t, uint32_t bins[MAX_ARRAY_BITS + 1]) {
  uint32_t total = 0, i = 1;
  for (int b = 0; b <= MAX_ARRAY_BITS; b++) {
    uint32_t limit = UINT32_C(1) << b, used = 0;
    if (limit > t->array_size) limit = t->array_size;
    for (; i <= limit; i++) used += !is_nil(&t->array[i - 1]);
    bins[b] += used;
    total += used;
    if (i > t->array_size) break;
  }
  return total;
}

static bool count_key(uint32_t tag, uint64_t bits, uint32_t bins[MAX_ARRAY_BITS + 1]) {
  if (tag != TAG_INT || bits - 1 >= UINT64_C(1) << MAX_ARRAY_BITS) return false;
  bins[ceil_log2(bits)]++;
  return true;
}

/* The hash part is full: choose the largest n such that more than half of 1..n is in use as the array's size. */
static void rehash(Thread *L, Table *t, uint32_t tag, uint64_t bits) {
  uint32_t bins[MAX_ARRAY_BITS + 1] = {0};
  uint32_t integers = count_array(t, bins);
  uint32_t total = integers;
  for (uint32_t i = node_count(t); i-- > 0;) {
    const Node *n = &t->node[i];
    if (is_nil(&n->value)) continue;
    integers += count_key(n->key_tag, n->key, bins);
    total++;
  }
  integers += count_key(tag, bits, bins);
  total++;
  uint32_t size = 0, in_array = 0, seen = 0;
  for (int b = 0; b <= MAX_ARRAY_BITS; b++) {
    uint32_t power = UINT32_C(1) << b;
    if (integers <= power / 2) break;
    seen += bins[b];
    if (seen > power / 2) {
      size = power;
      in_array = seen;
    }
  }
  table_resize(L, t, size, total - in_array);
}

/* The key follows the array part directly: grow as a vector does, unless the array is mostly holes by now. */
static bool grow_for_append(Thread *L, Table *t) {
  uint32_t size = t->array_size;
  if (size >= UINT32_C(1) << (MAX_ARRAY_BITS - 1)) return false;
  uint32_t used = 0;
  for (uint32_t i = 0; i < size; i++) used += !is_nil(&t->array[i]);
  if (used < size - size / 4) return false;
  uint32_t grown = 4;
  while (grown <= size) grown *= 2;
  if (has_nodes(t)) { /* keys that belong into the new array part must not stay behind in the hash part */
    uint32_t moving = 0;
    for (uint32_t i = 0; i <= t->node_mask; i++) {
      const Node *n = &t->node[i];
      moving += n->key_tag == TAG_INT && !is_nil(&n->value) && n->key - 1 < grown;
    }
    uint32_t old_size = size;
    resize_array(L, t, grown);
    if (moving > 0) {
      for (uint32_t i = 0; i <= t->node_mask; i++) {
        Node *n = &t->node[i];
        if (n->key_tag == TAG_INT && !is_nil(&n->value) && n->key - 1 >= old_size && n->key - 1 < grown) {
          value_copy(&t->array[n->key - 1], &n->value);
          set_nil(&n->value); /* the entry stays in its chain, empty */
        }
      }
    }
  } else {
    resize_array(L, t, grown);
  }
  return true;
}

static Node *free_node(Table *t) {
  while (t->last_free > 0) {
    Node *n = &t->node[--t->last_free];
    if (n->key_tag == TAG_NIL) return n;
  }
  return NULL;
}

static Value *insert(Thread *L, Table *t, uint32_t tag, uint64_t bits) {
  if (tag == TAG_INT && bits - 1 < t->array_size) return &t->array[bits - 1];
  if (!has_nodes(t)) {
    rehash(L, t, tag, bits);
    return insert(L, t, tag, bits);
  }
  Node *home = main_position(t, tag, bits);
  if (!is_nil(&home->value)) {
    Node *spot = free_node(t);
    if (spot == NULL) {
      rehash(L, t, tag, bits);
      return insert(L, t, tag, bits);
    }
    Node *other = home->key_tag == TAG_DEADKEY ? home : main_position(t, home->key_tag, home->key);
    if (other != home) { /* the occupant is away from home: move it to the free spot */
      while (other + chain_of(other) != home) other += chain_of(other);
      set_chain(other, (int32_t)(spot - other));
      *spot = *home;
      if (chain_of(home) != 0) {
        set_chain(spot, (int32_t)(home - spot) + chain_of(home));
        set_chain(home, 0);
      }
      set_nil(&home->value);
      gc_entry_moved(L, t, spot);
    } else { /* the newcomer goes to the free spot, second in the chain */
      set_chain(spot, chain_of(home) != 0 ? (int32_t)(home + chain_of(home) - spot) : 0);
      set_chain(home, (int32_t)(spot - home));
      home = spot;
    }
  }
  home->key = bits;
  home->key_tag = tag;
  return &home->value;
}

static Value *add_key(Thread *L, Table *t, const Value *key) {
  uint32_t tag = key->tag;
  uint64_t bits = key->bits;
  if (tag == TAG_FLOAT) {
    int64_t i;
    if (float_to_int(key->n, &i)) {
      tag = TAG_INT;
      bits = (uint64_t)i;
    } else if (isnan(key->n)) {
      error_runtime(L, "table index is NaN");
    }
  } else if (tag == TAG_NIL) {
    error_runtime(L, "table index is nil");
  } else if (tag <= TAG_TRUE) {
    bits = 0;
  }
  if (tag == TAG_INT && bits == (uint64_t)t->array_size + 1 && grow_for_append(L, t)) return &t->array[bits - 1];
  Value *value = insert(L, t, tag, bits);
  gc_barrier_table(L, t, key);
  return value;
}

Value *table_add_key(Thread *L, Table *t, const Value *key) { return add_key(L, t, key); }

void table_set(Thread *L, Table *t, const Value *key, const Value *value) {
  const Value *found = table_get(t, key);
  Value *place;
  if (found != &nil_value) {
    place = (Value *)found;
  } else {
    if (is_nil(value)) {
      if (is_nil(key)) error_runtime(L, "table index is nil");
      if (is_float(key) && isnan(key->n)) error_runtime(L, "table index is NaN");
      return;
    }
    place = add_key(L, t, key);
  }
  value_copy(place, value);
  t->absent = 0;
  gc_barrier_table(L, t, value);
}

void table_set_int(Thread *L, Table *t, int64_t key, const Value *value) {
  Value boxed;
  set_int(&boxed, key);
  table_set(L, t, &boxed, value);
}

void table_set_str(Thread *L, Table *t, Str *key, const Value *value) {
  Value boxed;
  set_str(&boxed, key);
  table_set(L, t, &boxed, value);
}

/* --- length */

static int64_t hash_border(Table *t, uint64_t known) {
  uint64_t low = known, high = known + 1;
  while (!is_nil(table_get_int(t, (int64_t)high))) {
    low = high;
    if (high > (uint64_t)INT64_MAX / 2) { /* a table made to annoy: search step by step */
      uint64_t i = known + 1;
      while (!is_nil(table_get_int(t, (int64_t)i))) i++;
      return (int64_t)i - 1;
    }
    high *= 2;
  }
  while (high - low > 1) {
    uint64_t middle = low + (high - low) / 2;
    if (is_nil(table_get_int(t, (int64_t)middle)))
      high = middle;
    else
      low = middle;
  }
  return (int64_t)low;
}

int64_t table_length(Table *t) {
  uint32_t size = t->array_size;
  const Value *array = t->array;
  if (size == 0 || !is_nil(&array[size - 1])) {
    if (!has_nodes(t) || is_nil(table_get_int(t, (int64_t)size + 1))) return size;
    return hash_border(t, size);
  }
  /* array[size - 1] is nil: there is a border inside; begin at the last one found */
  uint32_t low, high, hint = t->border < size ? t->border : size - 1;
  if (hint == 0 || !is_nil(&array[hint - 1])) {
    if (is_nil(&array[hint])) return t->border = hint;
    if (hint + 1 < size && is_nil(&array[hint + 1])) return t->border = hint + 1;
    low = hint + 1;
    high = size - 1;
    if (low > high) low = high;
  } else {
    if (hint == 1 || !is_nil(&array[hint - 2])) return t->border = hint - 1;
    low = 0;
    high = hint - 1;
  }
  while (high - low > 0) { /* array[low - 1] is not nil (or low is 0), array[high] is nil */
    uint32_t middle = low + (high - low) / 2;
    if (is_nil(&array[middle]))
      high = middle;
    else
      low = middle + 1;
  }
  return t->border = low;
}

/* --- traversal; positions count the array part, then the nodes */

bool table_iterate(Table *t, uint32_t *position, Value *key, Value *value) {
  uint32_t i = *position;
  for (; i < t->array_size; i++) {
    if (!is_nil(&t->array[i])) {
      set_int(key, (int64_t)i + 1);
      value_copy(value, &t->array[i]);
      *position = i + 1;
      return true;
    }
  }
  uint32_t count = node_count(t);
  for (uint32_t j = i - t->array_size; j < count; j++) {
    const Node *n = &t->node[j];
    if (!is_nil(&n->value)) {
      key->bits = n->key;
      key->tag = n->key_tag;
      value_copy(value, &n->value);
      *position = t->array_size + j + 1;
      return true;
    }
  }
  return false;
}

/* Position behind a key; a dead key still knows which object it was. */
static uint32_t position_behind(Thread *L, Table *t, const Value *key, uint32_t hint) {
  uint32_t tag = key->tag;
  uint64_t bits = key->bits;
  if (tag == TAG_NIL) return 0;
  if (tag == TAG_INT && bits - 1 < t->array_size) return (uint32_t)bits;
  uint32_t count = node_count(t), guess = hint - t->array_size - 1;
  if (hint > t->array_size && guess < count && key_is(&t->node[guess], tag, bits)) return hint;
  const Node *n = main_position(t, tag, bits);
  for (;;) {
    if (key_is(n, tag, bits) || (n->key_tag == TAG_DEADKEY && tag >= TAG_STR && n->key == bits)) break;
    int32_t chain = chain_of(n);
    if (chain == 0) error_plain(L, "invalid key to 'next'");
    n += chain;
  }
  if (!has_nodes(t)) error_plain(L, "invalid key to 'next'");
  return t->array_size + (uint32_t)(n - t->node) + 1;
}

bool table_next(Thread *L, Table *t, Value *key, Value *value, uint32_t *hint) {
  uint32_t position = position_behind(L, t, key, *hint);
  bool found = table_iterate(t, &position, key, value);
  *hint = position;
  return found;
}

bool value_raw_equal(const Value *a, const Value *b) {
  if (a->tag != b->tag) {
    if (is_int(a) && is_float(b)) return (double)a->i == b->n && b->n >= -0x1p63 && b->n < 0x1p63 && (int64_t)b->n == a->i;
    if (is_float(a) && is_int(b)) return value_raw_equal(b, a);
    return false;
  }
  switch (a->tag) {
    case TAG_NIL:
    case TAG_FALSE:
    case TAG_TRUE: return true;
    case TAG_FLOAT: return a->n == b->n;
    case TAG_LONGSTR: return str_equal(a->str, b->str);
    default: return a->bits == b->bits;
  }
}
