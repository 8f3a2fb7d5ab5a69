/* Values onto the top of a stack: what is there, and new strings, functions and userdata. */
#ifndef PERILUNE_PUSH_H
#define PERILUNE_PUSH_H

#include "objects/str.h"
#include "objects/table.h"
#include "objects/vm.h"

/* Pushes need a free slot: MIN_C_SLOTS are there, stack_reserve makes more. */
static inline Value *push(Thread *L) { return L->top++; }
static inline void push_value(Thread *L, const Value *v) { value_copy(L->top++, v); }
static inline void push_nil(Thread *L) { set_nil(L->top++); }
static inline void push_bool(Thread *L, bool b) { set_bool(L->top++, b); }
static inline void push_int(Thread *L, int64_t i) { set_int(L->top++, i); }
static inline void push_float(Thread *L, double n) { set_float(L->top++, n); }
static inline void push_str(Thread *L, Str *s) { set_str(L->top++, s); }
static inline void push_text(Thread *L, const char *text) { set_str(L->top++, str_from(L, text)); }
static inline void push_bytes(Thread *L, const char *text, size_t length) {
  set_str(L->top++, str_new(L, text, length));
}
static inline void push_table(Thread *L, Table *t) { set_table(L->top++, t); }

/* A C function object with `upvalues` values popped from the top into it: pushes it. `name` must live forever. */
CFn *push_function(Thread *L, CFunction call, const char *name, int upvalues);
/* The running C function's own object (for its upvalues). */
static inline CFn *running_function(Thread *L) { return L->frame->base[-1].cfn; }

/* Userdata with `size` bytes, zeroed, in the object's own block: pushes it. One made with no bytes may be given a block
   from memory_allocate later, by setting `data` and `size`: the block then belongs to it. */
Userdata *push_userdata(Thread *L, size_t size, int user_values);

#endif
