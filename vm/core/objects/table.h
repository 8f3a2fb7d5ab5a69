/* Tables: an array part for 1..n and a chained scatter hash with Brent's variation. All access here is raw. */
#ifndef PERILUNE_TABLE_H
#define PERILUNE_TABLE_H

#include "vm.h"

Table *table_new(Thread *L, uint32_t array_size, uint32_t fields);
void table_free(VM *vm, Table *t);

extern const Value nil_value;
extern Node empty_node;

/* The value at a key, or a nil that must not be written; never NULL. */
const Value *table_get(Table *t, const Value *key);
const Value *table_get_int(Table *t, int64_t key);
const Value *table_get_str(Table *t, Str *key); /* any string */
const Value *table_get_short(Table *t, const Str *key);

/* table_get_short in place: for what looks up often. */
static inline const Value *table_find_short(const Table *t, const Str *key) {
  const Node *n = t->node + (key->hash & t->node_mask);
  for (;;) {
    if (n->key == (uint64_t)(uintptr_t)key && n->key_tag == TAG_STR) return &n->value;
    int32_t chain = (int32_t)n->value.spare;
    if (chain == 0) return &nil_value;
    n += chain;
  }
}

/* Stores value under key (barrier included). Throws for a nil or NaN key. Storing nil removes. */
void table_set(Thread *L, Table *t, const Value *key, const Value *value);
/* The same where table_get has just found `found` for the key. */
void table_store(Thread *L, Table *t, const Value *key, const Value *found, const Value *value);
void table_set_int(Thread *L, Table *t, int64_t key, const Value *value);
void table_set_str(Thread *L, Table *t, Str *key, const Value *value);
/* Where a value that is not nil is to be stored under a short string that the table does not have; NULL if it must grow. */
Value *table_add_short(Thread *L, Table *t, Str *key);

/* A border: n with t[n] ~= nil and t[n+1] == nil, or 0. Where there are several, which one depends on the sizes of the
   parts and on the table's limit. */
int64_t table_length(Table *t);

/* Steps through a table: `*position` starts at 0; false at the end. Keys and values are copied out. */
bool table_iterate(Table *t, uint32_t *position, Value *key, Value *value);

/* `next`: replaces *key by the following key and fills *value; false at the end; throws "invalid key to 'next'". `*hint`
   is a guess of the key's position + 1, updated. */
bool table_next(Thread *L, Table *t, Value *key, Value *value, uint32_t *hint);

/* Gives the parts these sizes, of which the hash part's is rounded up to a power of two. */
void table_resize(Thread *L, Table *t, uint32_t array_size, uint32_t fields);

/* The collectable key of a removed entry becomes a dead one: what it was may be freed. */
void table_clear_key(Node *n);

bool value_raw_equal(const Value *a, const Value *b);

static inline void set_table(Value *v, Table *t) { set_object(v, t, TAG_TABLE); }

/* Whether the key index + 1 belongs to the array part. Access beyond the limit moves it there. */
static inline bool array_holds(Table *t, uint64_t index) {
  if (LIKELY(index < t->limit)) return true;
  if (index >= t->array_size) return false;
  t->limit = (uint32_t)index + 1;
  return true;
}
static inline Node *table_node(const Table *t, uint32_t index) { return t->node + index; }

#endif
