/* Tables: an array part for 1..n and a chained scatter hash with Brent's variation (a colliding key that is not in its
   main position makes way). An entry's chain is relative and lives in the spare word of its value. */
#include "table.h"

#include <math.h>
#include <string.h>

#include "error.h"
#include "memory/gc.h"
#include "memory/memory.h"
#include "number.h"
#include "serial.h"
#include "str.h"

#if SIZE_MAX > UINT32_MAX
#define MAX_ARRAY_BITS 31
#else
#define MAX_ARRAY_BITS 26
#endif
#define MAX_NODE_BITS 30

const Value nil_value = {{0}, TAG_NIL, 0};
Node empty_node = {{{0}, TAG_NIL, 0}, 0, TAG_NIL, 0};

static inline bool has_nodes(const Table *t) { return t->node != &empty_node; }
static inline uint32_t node_count(const Table *t) { return has_nodes(t) ? t->node_mask + 1 : 0; }
static inline int32_t chain_of(const Node *n) { return (int32_t)n->value.spare; }
static inline void set_chain(Node *n, int32_t distance) { n->value.spare = (uint32_t)distance; }

/* --- main positions: for numbers and booleans those of PUC Lua, whose order of traversal programs lean on */

/* A remainder by the largest odd number that is not above the mask, since keys have many factors of two. */
#ifdef __SIZEOF_INT128__
#define RECIPROCAL(bits) (UINT64_MAX / ((UINT64_C(1) << (bits)) - 1))
#define RECIPROCALS(bits) RECIPROCAL(bits), RECIPROCAL((bits) + 1), RECIPROCAL((bits) + 2), RECIPROCAL((bits) + 3)
static const uint64_t reciprocals[] = {
  UINT64_MAX, RECIPROCAL(1), RECIPROCAL(2), RECIPROCAL(3), RECIPROCALS(4), RECIPROCALS(8),
  RECIPROCALS(12), RECIPROCALS(16), RECIPROCALS(20), RECIPROCALS(24), RECIPROCALS(28),
};

/* The quotient by multiplication is right or one too small. */
static inline Node *by_remainder(const Table *t, uint64_t n) {
  uint32_t divisor = t->node_mask | 1;
  uint64_t quotient = (uint64_t)((unsigned __int128)n * reciprocals[t->node_bits] >> 64);
  uint64_t rest = n - quotient * divisor;
  return t->node + (rest >= divisor ? rest - divisor : rest);
}
#else
static inline Node *by_remainder(const Table *t, uint64_t n) { return t->node + n % (t->node_mask | 1); }
#endif

/* The mantissa's upper 31 bits, with its sign, plus the exponent: as if by frexp(n) * 2^31. */
static uint32_t hash_float(uint64_t bits) {
  int exponent = (int)(bits >> 52 & 0x7FF) - 1022;
  if (exponent == 1025) return 0; /* an infinity */
  if (exponent == -1022) {
    Value v = {{.bits = bits}, TAG_FLOAT, 0};
    v.n = frexp(v.n, &exponent);
    bits = v.bits;
  }
  uint32_t hash = (uint32_t)((bits & UINT64_C(0xFFFFFFFFFFFFF)) >> 22) | UINT32_C(1) << 30;
  if (bits >> 63) hash = -hash;
  hash += (uint32_t)exponent;
  return hash <= INT32_MAX ? hash : ~hash;
}

static NOINLINE Node *main_position_other(const Table *t, uint32_t tag, uint64_t bits, uint32_t hash) {
  switch (tag) {
    case TAG_INT:
    case TAG_LIGHT: return by_remainder(t, bits);
    case TAG_FLOAT: return by_remainder(t, hash_float(bits));
    case TAG_FALSE: return t->node;
    case TAG_TRUE: return t->node + (1 & t->node_mask);
    case TAG_LONGSTR: return t->node + (hash & t->node_mask);
    default: return by_remainder(t, hash);
  }
}

/* `hash` as a node has it. */
static inline Node *main_position(const Table *t, uint32_t tag, uint64_t bits, uint32_t hash) {
  return LIKELY(tag == TAG_STR) ? t->node + (hash & t->node_mask) : main_position_other(t, tag, bits, hash);
}

static inline uint32_t key_hash(uint32_t tag, uint64_t bits) {
  if (LIKELY(tag == TAG_STR)) return ((const Str *)(uintptr_t)bits)->hash;
  if (tag < TAG_STR) return 0;
  if (tag == TAG_LONGSTR) return str_hash((Str *)(uintptr_t)bits);
  return ((const NumberedObject *)(uintptr_t)bits)->serial;
}

/* Keys that compare by payload alone: all but floats (-0.0 is normalised away with the integral ones), long strings. */
static inline bool key_is(const Node *n, uint32_t tag, uint64_t bits) {
  if (n->key_tag != tag) return false;
  if (n->key == bits || tag <= TAG_TRUE) return true;
  return tag == TAG_LONGSTR && str_equal_long((const Str *)(uintptr_t)n->key, (const Str *)(uintptr_t)bits);
}

/* The payload of a dead key is its tag, and the length of a string: with the hash, enough to find the entry again. */
static inline uint64_t dead_payload(uint32_t tag, uint64_t bits) {
  return tag > TAG_LONGSTR ? tag : tag | (uint64_t)str_length((const Str *)(uintptr_t)bits) << 8;
}

void table_clear_key(Node *n) {
  n->key = dead_payload(n->key_tag, n->key);
  n->key_tag = TAG_DEADKEY;
}

static Node *find_node(const Table *t, uint32_t tag, uint64_t bits) {
  Node *n = main_position(t, tag, bits, key_hash(tag, bits));
  for (;;) {
    if (key_is(n, tag, bits)) return n;
    int32_t chain = chain_of(n);
    if (chain == 0) return NULL;
    n += chain;
  }
}

const Value *table_get_short(Table *t, const Str *key) { return table_find_short(t, key); }

const Value *table_get_str(Table *t, Str *key) {
  if (key->tag == TAG_STR) return table_get_short(t, key);
  const Node *n = find_node(t, TAG_LONGSTR, (uint64_t)(uintptr_t)key);
  return n != NULL ? &n->value : &nil_value;
}

const Value *table_get_int(Table *t, int64_t key) {
  if (array_holds(t, (uint64_t)key - 1)) return &t->array[key - 1];
  const Node *n = by_remainder(t, (uint64_t)key);
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
  uint8_t bits = (uint8_t)bit_length(fields - 1);
  if (bits > MAX_NODE_BITS) error_runtime(L, "table overflow");
  uint32_t count = UINT32_C(1) << bits;
  Node *nodes = memory_allocate(L, count * sizeof *nodes);
  for (uint32_t i = 0; i < count; i++) nodes[i] = (Node){{{0}, TAG_NIL, 0}, 0, TAG_NIL, 0};
  t->node = nodes;
  t->node_bits = bits;
  t->node_mask = count - 1;
  t->last_free = count;
}

Table *table_new(Thread *L, uint32_t array_size, uint32_t fields) {
  Table *t = gc_new_object(L, TAG_TABLE, sizeof *t);
  t->absent = 0;
  t->array_size = 0;
  t->limit = 0;
  t->serial = 0;
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
      Value *array = memory_allocate(L, array_size * sizeof *array);
      for (uint32_t i = 0; i < array_size; i++) array[i] = nil_value;
      t->array = array;
      t->array_size = array_size;
      t->limit = array_size;
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
static Value *insert(Thread *L, Table *t, uint32_t tag, uint64_t bits, uint32_t hash);

void table_resize(Thread *L, Table *t, uint32_t array_size, uint32_t fields) {
  Node *old_nodes = t->node;
  uint32_t old_count = node_count(t);
  uint32_t old_array = t->array_size;
  if (array_size > UINT32_C(1) << MAX_ARRAY_BITS) error_memory(L);
  Table fresh = *t; /* built aside, so that running out of memory changes nothing */
  set_nodes(L, &fresh, fields);
  fresh.array_size = fresh.limit = array_size;
  for (uint32_t i = array_size; i < old_array; i++) {
    if (!is_nil(&t->array[i])) value_copy(insert(L, &fresh, TAG_INT, (uint64_t)i + 1, 0), &t->array[i]);
  }
  if (array_size != old_array) {
    Value *array = memory_try_resize(L->vm, t->array, old_array * sizeof(Value), array_size * sizeof(Value));
    if (array == NULL && array_size > 0) {
      if (has_nodes(&fresh)) memory_free(L->vm, fresh.node, node_count(&fresh) * sizeof(Node));
      error_memory(L);
    }
    for (uint32_t i = old_array; i < array_size; i++) {
      set_nil(&array[i]);
      array[i].spare = 0;
    }
    t->array = array;
  }
  t->array_size = t->limit = array_size;
  t->node = fresh.node;
  t->node_bits = fresh.node_bits;
  t->node_mask = fresh.node_mask;
  t->last_free = fresh.last_free;
  for (uint32_t i = 0; i < old_count; i++) {
    const Node *n = &old_nodes[i];
    if (!is_nil(&n->value)) value_copy(insert(L, t, n->key_tag, n->key, n->hash), &n->value);
  }
  if (old_count > 0) memory_free(L->vm, old_nodes, old_count * sizeof(Node));
}

/* How many integer keys are in (2^(b-1), 2^b], for every b. */
typedef uint32_t Bins[MAX_ARRAY_BITS + 1];

static uint32_t count_array(const Table *t, Bins bins) {
  uint32_t total = 0, i = 0;
  for (int b = 0; i < t->array_size; b++) {
    uint32_t limit = UINT32_C(1) << b, used = 0;
    if (limit > t->array_size) limit = t->array_size;
    for (; i < limit; i++) used += !is_nil(&t->array[i]);
    bins[b] += used;
    total += used;
  }
  return total;
}

static bool count_key(uint32_t tag, uint64_t bits, Bins bins) {
  if (tag != TAG_INT || bits - 1 >= UINT64_C(1) << MAX_ARRAY_BITS) return false;
  bins[bit_length(bits - 1)]++;
  return true;
}

/* The hash part is full: choose the largest n such that more than half of 1..n is in use as the array's size. */
static void rehash(Thread *L, Table *t, uint32_t tag, uint64_t bits) {
  Bins bins = {0};
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

static Node *free_node(Table *t) {
  while (t->last_free > 0) {
    Node *n = &t->node[--t->last_free];
    if (n->key_tag == TAG_NIL) return n;
  }
  return NULL;
}

/* Makes a node for a key in a table that has nodes; NULL if none is free. */
static inline Value *claim_node(Thread *L, Table *t, uint32_t tag, uint64_t bits, uint32_t hash) {
  Node *home = main_position(t, tag, bits, hash);
  if (!is_nil(&home->value)) {
    Node *spot = free_node(t);
    if (spot == NULL) return NULL;
    Node *other = main_position(t, home->key_tag, home->key, home->hash);
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
  home->hash = hash;
  return &home->value;
}

static Value *insert(Thread *L, Table *t, uint32_t tag, uint64_t bits, uint32_t hash) {
  for (;;) {
    if (tag == TAG_INT && bits - 1 < t->array_size) return &t->array[bits - 1];
    Value *place = has_nodes(t) ? claim_node(L, t, tag, bits, hash) : NULL;
    if (place != NULL) return place;
    rehash(L, t, tag, bits);
  }
}

Value *table_add_short(Thread *L, Table *t, Str *key) {
  Value *place = has_nodes(t) ? claim_node(L, t, TAG_STR, (uint64_t)(uintptr_t)key, key->hash) : NULL;
  if (place == NULL) return NULL;
  t->absent = 0;
  if (is_black((Object *)t) && is_white((Object *)key)) {
    Value boxed;
    set_str(&boxed, key);
    gc_barrier_back(L, t, &boxed);
  }
  return place;
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
  } else if (tag > TAG_LONGSTR) {
    serial_of(L->vm, key->object);
  }
  Value *value = insert(L, t, tag, bits, key_hash(tag, bits));
  gc_barrier_table(L, t, key);
  return value;
}

void table_store(Thread *L, Table *t, const Value *key, const Value *found, const Value *value) {
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

void table_set(Thread *L, Table *t, const Value *key, const Value *value) {
  table_store(L, t, key, table_get(t, key), value);
}

void table_set_int(Thread *L, Table *t, int64_t key, const Value *value) {
  Value boxed;
  set_int(&boxed, key);
  table_store(L, t, &boxed, table_get_int(t, key), value);
}

void table_set_str(Thread *L, Table *t, Str *key, const Value *value) {
  Value boxed;
  set_str(&boxed, key);
  table_store(L, t, &boxed, table_get_str(t, key), value);
}

/* --- length: the border that PUC Lua finds, which is one of several where there are holes */

static inline bool is_power_of_two(uint32_t x) { return (x & (x - 1)) == 0; }

/* t[known] is not nil (or known is 0), t[known + 1] is not nil. */
static int64_t hash_border(Table *t, uint64_t known) {
  uint64_t low, high = known > 0 ? known : 1;
  do {
    low = high;
    if (high > (uint64_t)INT64_MAX / 2) {
      high = INT64_MAX;
      if (!is_nil(table_get_int(t, INT64_MAX))) return INT64_MAX;
      break;
    }
    high *= 2;
  } while (!is_nil(table_get_int(t, (int64_t)high)));
  while (high - low > 1) {
    uint64_t middle = low + (high - low) / 2;
    if (is_nil(table_get_int(t, (int64_t)middle)))
      high = middle;
    else
      low = middle;
  }
  return (int64_t)low;
}

/* t[low] is not nil (or low is 0), t[high] is nil. */
static uint32_t array_border(const Value *array, uint32_t low, uint32_t high) {
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (is_nil(&array[middle - 1]))
      high = middle;
    else
      low = middle;
  }
  return low;
}

/* The limit may stay in the upper half of a power of two only. */
int64_t table_length(Table *t) {
  uint32_t size = t->array_size, limit = t->limit;
  const Value *array = t->array;
  if (limit > 0 && is_nil(&array[limit - 1])) {
    if (limit >= 2 && !is_nil(&array[limit - 2])) {
      if (is_power_of_two(size) && !is_power_of_two(limit - 1)) t->limit = limit - 1;
      return limit - 1;
    }
    uint32_t border = array_border(array, 0, limit);
    if (is_power_of_two(size) && border > size / 2) t->limit = border;
    return border;
  }
  if (limit < size) {
    if (is_nil(&array[limit])) return limit;
    if (is_nil(&array[size - 1])) return t->limit = array_border(array, limit, size);
  }
  if (!has_nodes(t) || is_nil(table_get_int(t, (int64_t)size + 1))) return size;
  return hash_border(t, size);
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

static inline bool is_dead_key(const Node *n, uint32_t tag, uint64_t bits, uint32_t hash) {
  return n->key_tag == TAG_DEADKEY && tag >= TAG_STR && n->hash == hash && n->key == dead_payload(tag, bits);
}

/* Position behind a key, which may be dead. */
static uint32_t position_behind(Thread *L, Table *t, const Value *key, uint32_t hint) {
  uint32_t tag = key->tag;
  uint64_t bits = key->bits;
  if (tag == TAG_NIL) return 0;
  if (tag == TAG_INT && bits - 1 < t->array_size) return (uint32_t)bits;
  uint32_t count = node_count(t), guess = hint - t->array_size - 1;
  if (hint > t->array_size && guess < count && key_is(&t->node[guess], tag, bits)) return hint;
  uint32_t hash = key_hash(tag, bits);
  const Node *n = main_position(t, tag, bits, hash);
  while (!key_is(n, tag, bits) && !is_dead_key(n, tag, bits, hash)) {
    int32_t chain = chain_of(n);
    if (chain == 0) error_plain(L, "invalid key to 'next'");
    n += chain;
  }
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
