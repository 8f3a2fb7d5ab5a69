/* The dispatch loop and the slow paths of its instructions. */
#ifndef PERILUNE_INTERPRETER_H
#define PERILUNE_INTERPRETER_H

#include "objects/vm.h"

/* Runs the current thread's frame (a Lua frame) and what it calls until a frame marked FRAME_FRESH returns. */
void interpret(VM *vm);
/* The loop that the machine's state asks for. A running loop looks at it when it is interrupted. */
static inline int loop_wanted(const VM *vm) {
  if (vm->hooked_threads > 0 || vm->instructions_limited) return LOOP_HOOKED;
  if (vm->compares_depth && vm->mode == MODE_COUNT) return LOOP_COUNT_DEPTH;
  if (vm->compares_depth && vm->mode == MODE_SAMPLE) return LOOP_SAMPLE_DEPTH;
  return (int)vm->mode;
}

/* Operations with metamethods, for C code. They may call Lua: L->top must be above everything in use. `result` may be
   stale after the call if it points into a stack, so these leave the result in *result only for non-stack places: pass
   the address of a local. */
void index_get(Thread *L, const Value *object, const Value *key, Value *result);
void index_set(Thread *L, const Value *object, const Value *key, const Value *value);
bool value_equal(Thread *L, const Value *a, const Value *b);
bool value_less(Thread *L, const Value *a, const Value *b);
bool value_less_equal(Thread *L, const Value *a, const Value *b);
void value_length(Thread *L, const Value *v, Value *result);
/* Arithmetic by metamethod number, METAMETHOD_ADD .. METAMETHOD_BNOT. */
void value_arithmetic(Thread *L, enum Metamethod operation, const Value *a, const Value *b, Value *result);
/* Concatenates the n values below L->top into one that replaces them. */
void value_concat(Thread *L, int n);
/* The string of any value, by __tostring or __name, as tostring: pushes it. */
Str *value_tostring(Thread *L, const Value *v);

int64_t int_floor_divide(Thread *L, int64_t a, int64_t b); /* throws "attempt to perform 'n//0'" */
int64_t int_modulo(Thread *L, int64_t a, int64_t b);       /* throws "attempt to perform 'n%%0'" */
double float_modulo(double a, double b);
int64_t int_shift_left(int64_t a, int64_t by);

/* The parts of the above that call nothing. */
bool number_less(const Value *a, const Value *b);
bool number_less_equal(const Value *a, const Value *b);
/* False if the operands need a metamethod (which arithmetic_metamethod finds, or throws). */
bool number_arithmetic(Thread *L, enum Metamethod operation, const Value *a, const Value *b, Value *result);
const Value *arithmetic_metamethod(Thread *L, enum Metamethod operation, const Value *a, const Value *b);
bool is_bitwise(enum Metamethod operation);
/* A number becomes its text; false if v is neither string nor number. */
bool value_as_str(Thread *L, Value *v);
int concat_texts(Thread *L, Value *first, Value *last);
/* As metamethod_of for a metatable, remembering absent ones; only for those below METAMETHOD_CACHED. */
const Value *metamethod_cached(VM *vm, Table *meta, enum Metamethod event);

const Value *metamethod_of(VM *vm, const Value *v, enum Metamethod event); /* nil_value if none */
Table *metatable_of(VM *vm, const Value *v);                              /* or NULL */
/* Sets the metatable of a table, a userdata or all values of another type: a table or nil. */
void metatable_set(Thread *L, const Value *v, const Value *meta);

#endif
