/* Tables: an array part for 1..n and a chained scatter hash with Brent's variation. All access here is raw. */
#ifndef PERILUNE_TABLE_H
#define PERILUNE_TABLE_H

#include "vm.h"

Table *table_new(Thread *L, uint32_t array_size, uint32_t fields);
void table_free(VM *vm, Table *t);

/* The value at a key, or a nil that must not be written; never NULL. */
const Value *table_get(Table *t, const Value *key);
const Value *table_get_int(Table *t, int64_t key);
const Value *table_get_str(Table *t, Str *key); /* any string */
const Value *table_get_short(Table *t, const Str *key);

/* Stores value under key (barrier included). Throws for a nil or NaN key. Storing nil removes. */
void table_set(Thread *L, Table *t, const Value *key, const Value *value);
void table_set_int(Thread *L, Table *t, int64_t key, const Value *value);
void table_set_str(Thread *L, Table *t, Str *key, const Value *value);

/* Adds a key that is not there and returns its value slot, nil so far; the caller stores a non-nil value and takes care
   of the barrier. */
Value *table_add_key(Thread *L, Table *t, const Value *key);

/* A border: n with t[n] ~= nil and t[n+1] == nil, or 0. */
int64_t table_length(Table *t);

/* Steps through a table: `*position` starts at 0; false at the end. Keys and values are copied out. */
bool table_iterate(Table *t, uint32_t *position, Value *key, Value *value);

/* `next`: replaces *key by the following key and fills *value; false at the end; throws "invalid key to 'next'". `*hint`
   is a guess of the key's position + 1, updated. */
bool table_next(Thread *L, Table *t, Value *key, Value *value, uint32_t *hint);

void table_resize(Thread *L, Table *t, uint32_t array_size, uint32_t fields);

bool value_raw_equal(const Value *a, const Value *b);

extern const Value nil_value;
extern Node empty_node;

static inline void set_table(Value *v, Table *t) {
  v->table = t;
  v->tag = TAG_TABLE;
}
static inline Node *table_node(const Table *t, uint32_t index) { return t->node + index; }

#endif
