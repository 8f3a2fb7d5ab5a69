/* The C API: states, their memory, warnings and versions. */
#include <stdlib.h>

#include "capi.h"
#include "machine/hooks.h"
#include "host.h"
#include "machine/warning.h"

const char lua_ident[] = "$LuaVersion: Lua 5.4, C API of Perilune $";

void (*host_state_begins)(VM *vm);
void (*host_state_ends)(VM *vm);
void (*host_run_begins)(VM *vm);
void (*host_run_ends)(VM *vm);

static void ignore_warning(void *context, const char *message, int to_be_continued) {
  (void)context, (void)message, (void)to_be_continued;
}

static lua_State *begin(VM *vm) {
  if (vm == NULL) return NULL;
  if (call_protected_body(vm->main, foreign_open, NULL) != STATUS_OK) {
    vm_delete(vm);
    return NULL;
  }
  capi_open(vm);
  if (host_state_begins != NULL) host_state_begins(vm);
  return thread_state(vm->main);
}

lua_State *lua_newstate(lua_Alloc allocate, void *context) {
  VM *vm = vm_new_in(allocate, context);
  if (vm != NULL) vm->warn = ignore_warning;
  return begin(vm);
}

static int print_panic(lua_State *S) {
  const char *message = lua_type(S, -1) == LUA_TSTRING ? lua_tostring(S, -1) : "error object is not a string";
  fprintf(stderr, "PANIC: unprotected error in call to Lua API (%s)\n", message);
  fflush(stderr);
  return 0;
}

lua_State *luaL_newstate(void) {
  lua_State *S = begin(vm_new());
  if (S != NULL) lua_atpanic(S, print_panic);
  return S;
}

static void close_variables(Thread *L, void *context) {
  (void)context;
  variables_close(L, 1, NULL);
}

void lua_close(lua_State *S) {
  VM *vm = state_thread(S)->vm;
  Thread *L = vm->main;
  vm->current = L;
  L->frame = L->frames;
  L->status = THREAD_RUNNING;
  L->failed = false;
  L->c_boundaries = 0;
  vm->c_depth = 1;
  vm->handler = NULL;
  while (L->tbc_last != NULL && call_protected_body(L, close_variables, NULL) != STATUS_OK) continue;
  if (host_state_ends != NULL) host_state_ends(vm);
  vm_delete(vm);
}

lua_CFunction lua_atpanic(lua_State *S, lua_CFunction function) {
  VM *vm = state_thread(S)->vm;
  lua_CFunction before = vm->panic;
  vm->panic = function;
  return before;
}

lua_Number lua_version(lua_State *S) {
  (void)S;
  return LUA_VERSION_NUM;
}

void luaL_checkversion_(lua_State *S, lua_Number version, size_t sizes) {
  if (sizes != LUAL_NUMSIZES) luaL_error(S, "core and library have incompatible numeric types");
  if (version != LUA_VERSION_NUM)
    luaL_error(S, "version mismatch: app. needs %f, Lua core provides %f", version, (lua_Number)LUA_VERSION_NUM);
}

/* --- warnings */

void lua_setwarnf(lua_State *S, lua_WarnFunction function, void *context) {
  VM *vm = state_thread(S)->vm;
  vm->warn = function != NULL ? function : ignore_warning;
  vm->warn_context = context;
}

void lua_warning(lua_State *S, const char *message, int to_be_continued) {
  vm_warn(state_thread(S)->vm, message, to_be_continued != 0);
}

/* --- memory */

static int mode_of(const GC *gc) { return gc->generational ? LUA_GCGEN : LUA_GCINC; }

/* A parameter that is 0 stays as it is. */
static void set_parameter(int *parameter, int value) {
  if (value != 0) *parameter = value;
}

int lua_gc(lua_State *S, int what, ...) {
  Thread *L = state_thread(S)->vm->current;
  GC *gc = L->vm->gc;
  if (gc->running) return -1; /* called by a finalizer */
  int result = 0;
  va_list arguments;
  va_start(arguments, what);
  switch (what) {
    case LUA_GCSTOP: gc->stopped = true; break;
    case LUA_GCRESTART: gc->stopped = false; break;
    case LUA_GCCOLLECT: gc_full(L); break;
    case LUA_GCCOUNT: result = (int)(gc_bytes(L->vm) >> 10); break;
    case LUA_GCCOUNTB: result = (int)(gc_bytes(L->vm) & 1023); break;
    case LUA_GCSTEP: result = gc_step_by(L, va_arg(arguments, int)) && !gc->generational; break;
    case LUA_GCSETPAUSE:
      result = gc->pause;
      gc->pause = gc_coarse(va_arg(arguments, int));
      break;
    case LUA_GCSETSTEPMUL:
      result = gc->step_multiplier;
      gc->step_multiplier = gc_coarse(va_arg(arguments, int));
      break;
    case LUA_GCISRUNNING: result = !gc->stopped; break;
    case LUA_GCGEN:
      result = mode_of(gc);
      set_parameter(&gc->minor_multiplier, va_arg(arguments, int) & 0xff);
      set_parameter(&gc->major_multiplier, gc_coarse(va_arg(arguments, int)));
      gc->generational = true;
      break;
    case LUA_GCINC:
      result = mode_of(gc);
      set_parameter(&gc->pause, gc_coarse(va_arg(arguments, int)));
      set_parameter(&gc->step_multiplier, gc_coarse(va_arg(arguments, int)));
      set_parameter(&gc->step_size, va_arg(arguments, int) & 0xff);
      gc->generational = false;
      break;
    default: result = -1; break;
  }
  va_end(arguments);
  return result;
}

/* Before a block that C code has from lua_getallocf: its size, as C code may tell another. */
typedef union BlockHeader {
  size_t size;
  max_align_t alignment;
} BlockHeader;

static void *allocate_block(void *context, void *block, size_t old_size, size_t size) {
  (void)old_size;
  VM *vm = context;
  BlockHeader *header = block != NULL ? (BlockHeader *)block - 1 : NULL;
  size_t before = header != NULL ? header->size + sizeof(BlockHeader) : 0;
  if (size == 0) {
    memory_free(vm, header, before);
    return NULL;
  }
  if (size > SIZE_MAX - sizeof(BlockHeader)) return NULL;
  header = memory_resize_at_once(vm, header, before, size + sizeof(BlockHeader));
  if (header == NULL) return NULL;
  header->size = size;
  return header + 1;
}

lua_Alloc lua_getallocf(lua_State *S, void **context) {
  VM *vm = state_thread(S)->vm;
  const Allocator *a = vm->allocator;
  if (vm->block_allocate != NULL) {
    if (context != NULL) *context = vm->block_context;
    return vm->block_allocate;
  }
  if (context != NULL) *context = a->allocate != NULL ? a->context : vm;
  return a->allocate != NULL ? a->allocate : allocate_block;
}

/* The blocks that the machine has got from a host's function are handed over to another; its own stay its own. */
void lua_setallocf(lua_State *S, lua_Alloc allocate, void *context) {
  VM *vm = state_thread(S)->vm;
  Allocator *a = vm->allocator;
  if (a->allocate != NULL) {
    a->allocate = allocate;
    a->context = context;
    return;
  }
  bool is_ours = allocate == allocate_block && context == vm;
  vm->block_allocate = is_ours ? NULL : allocate;
  vm->block_context = is_ours ? NULL : context;
}
