/* Between the files of the C API: a lua_State points into a Thread (vm.h), an index is a place in the window of the
   thread's stack that the running C function has, from its frame's base to the top. Objects do not move, so that pointers
   to strings and userdata hold while these are on a stack; nothing here hands out a pointer into a stack, which moves. */
#ifndef PERILUNE_CAPI_H
#define PERILUNE_CAPI_H

#include "lib/api.h"
#include "function.h"
#include "include/lauxlib.h"
#include "include/lua.h"
#include "include/lualib.h"

/* What stands where there is nothing: other than any nil. */
extern const Value capi_none;
extern const int8_t capi_types[];

static inline Value *capi_absent(void) { return (Value *)(uintptr_t)&capi_none; }

/* The place of an acceptable index; that of nothing must not be written. */
static inline Value *capi_at(Thread *L, int index) {
  Frame *frame = L->frame;
  if (LIKELY(index > 0)) {
    Value *v = frame->base + (index - 1);
    return v < L->top ? v : capi_absent();
  }
  if (index > LUA_REGISTRYINDEX) return L->top + index;
  if (index == LUA_REGISTRYINDEX) return &L->vm->registry;
  index = LUA_REGISTRYINDEX - index;
  const CFn *f = frame->kind != FRAME_LUA ? frame->cfn : NULL;
  if (f == NULL || index > f->upvalue_count) return capi_absent();
  return (Value *)(uintptr_t)&f->upvalues[index - 1];
}

static inline int capi_type(const Value *v) { return v == &capi_none ? LUA_TNONE : capi_types[v->tag]; }
static inline int capi_top_type(const Thread *L) { return capi_types[L->top[-1].tag]; }
static inline int capi_count(const Thread *L) { return (int)(L->top - L->frame->base); }

/* After allocating, when all that the C code has is on its stack. */
static inline void capi_check_gc(Thread *L) { gc_check(L->vm->current); }

/* The table of globals that chunks get. */
static inline Value *capi_globals(Thread *L) {
  return (Value *)(uintptr_t)table_get_int(L->vm->registry.table, REGISTRY_GLOBALS);
}

#endif
