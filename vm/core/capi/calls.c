/* The C API: calls, errors, chunks, coroutines. */
#include <stdlib.h>

#include "capi.h"
#include "host.h"
#include "machine/chunk.h"
#include "profiler/profiler.h"

int foreign_status(int status) {
  switch (status) {
    case STATUS_OK: return LUA_OK;
    case STATUS_SWITCH: return LUA_YIELD;
    case STATUS_SYNTAX: return LUA_ERRSYNTAX;
    case STATUS_MEMORY: return LUA_ERRMEM;
    case STATUS_HANDLER: return LUA_ERRERR;
    default: return LUA_ERRRUN;
  }
}

/* Nothing in C catches what ends the program, with its value on the top. */
static void pass_on_final(Thread *L, int status) {
  if (LIKELY(!status_is_final(status))) return;
  if (L->vm->handler != NULL) error_throw_status(L, status);
  if (status == STATUS_EXIT) exit(L->vm->exit_status); /* in a host, outside of all calls */
}

/* Whether a host's call begins here, and not one inside it. */
static inline bool begin_run(VM *vm) {
  if (LIKELY(host_run_begins == NULL || vm->profiler == NULL || vm->profiler->inside)) return false;
  host_run_begins(vm);
  return true;
}

static inline void end_run(VM *vm, bool was_begun) {
  if (UNLIKELY(was_begun)) host_run_ends(vm);
}

void lua_callk(lua_State *S, int arguments, int results, lua_KContext context, lua_KFunction k) {
  Thread *L = state_thread(S);
  const bool is_run = begin_run(L->vm);
  foreign_call_value(L, arguments, results, k, context);
  end_run(L->vm, is_run);
}

int lua_pcallk(lua_State *S, int arguments, int results, int handler, lua_KContext context, lua_KFunction k) {
  Thread *L = state_thread(S);
  ptrdiff_t slot = handler != 0 ? capi_at(L, handler) - L->stack : 0;
  const bool is_run = begin_run(L->vm);
  int status = foreign_pcall(L, arguments, results, slot, k, context);
  end_run(L->vm, is_run);
  pass_on_final(L, status);
  return foreign_status(status);
}

int lua_error(lua_State *S) {
  Thread *L = state_thread(S);
  const Value *error = L->top - 1;
  if (is_string(error) && error->str == L->vm->memory_message) error_throw_status(L, STATUS_MEMORY);
  error_throw(L);
}

/* --- chunks */

typedef struct Load {
  lua_Reader reader;
  void *data;
  bool is_foreign; /* C code runs, which no signals are sent to */
} Load;

static void read_pieces(Thread *L, void *context) {
  const Load *load = context;
  Buffer b;
  buffer_init(L, &b);
  for (;;) {
    size_t size = 0;
    foreign_go_on(L->vm, load->is_foreign);
    const char *piece = load->reader(thread_state(L), load->data, &size);
    foreign_pause(L->vm);
    if (piece == NULL || size == 0) break;
    buffer_add(&b, piece, size);
  }
  buffer_push(&b);
}

/* The function on the top gets the globals of the registry, which C code may have replaced. */
static void set_environment(Thread *L) {
  const LuaFn *function = L->top[-1].luafn;
  if (function->upvalue_count == 0) return;
  UpVal *environment = function->upvalues[0];
  value_copy(environment->v, capi_globals(L));
  gc_barrier_value(L, environment, environment->v);
}

static int finish_load(Thread *L, int status, bool is_binary) {
  pass_on_final(L, status);
  if (status == STATUS_OK) set_environment(L);
  capi_check_gc(L);
  return status == STATUS_ERROR && is_binary ? LUA_ERRSYNTAX : foreign_status(status);
}

int lua_load(lua_State *S, lua_Reader reader, void *data, const char *chunkname, const char *mode) {
  Thread *L = state_thread(S);
  Load load = {reader, data, L->vm->in_foreign};
  bool is_binary = false;
  int status = call_transparent_body(L, read_pieces, &load);
  if (status == STATUS_OK) {
    const Str *text = L->top[-1].str;
    is_binary = text->text[0] == CHUNK_SIGNATURE[0];
    status = load_chunk(L, text->text, str_length(text), chunkname != NULL ? chunkname : "?", mode);
    value_copy(L->top - 2, L->top - 1);
    L->top--;
  }
  return finish_load(L, status, is_binary);
}

int luaL_loadbufferx(lua_State *S, const char *text, size_t length, const char *chunkname, const char *mode) {
  Thread *L = state_thread(S);
  int status = load_chunk(L, text, length, chunkname != NULL ? chunkname : "?", mode);
  return finish_load(L, status, length > 0 && text[0] == CHUNK_SIGNATURE[0]);
}

int luaL_loadfilex(lua_State *S, const char *path, const char *mode) {
  Thread *L = state_thread(S);
  int status = finish_load(L, load_file(L, path, mode), false);
  return status == LUA_ERRRUN ? LUA_ERRFILE : status;
}

typedef struct Dump {
  lua_State *state;
  lua_Writer writer;
  void *data;
  int status;
} Dump;

static void write_piece(void *context, const void *bytes, size_t length) {
  Dump *dump = context;
  if (dump->status == 0 && length > 0) dump->status = dump->writer(dump->state, bytes, length, dump->data);
}

int lua_dump(lua_State *S, lua_Writer writer, void *data, int strip) {
  Thread *L = state_thread(S);
  Dump dump = {S, writer, data, 0};
  if (L->top[-1].tag != TAG_LUAFN) return 1;
  chunk_dump(L, L->top[-1].luafn->proto, strip != 0, write_piece, &dump);
  return dump.status;
}

/* --- coroutines */

lua_State *lua_newthread(lua_State *S) {
  Thread *L = state_thread(S);
  Thread *thread = thread_new(L);
  set_object(push(L), thread, TAG_THREAD);
  capi_check_gc(L);
  return thread_state(thread);
}

int lua_closethread(lua_State *S, lua_State *from) {
  (void)from;
  Thread *thread = state_thread(S);
  int status = thread_close(thread->vm->current, thread);
  thread->status = THREAD_SUSPENDED; /* it can be used again */
  thread->started = false;
  return foreign_status(status);
}

int lua_resetthread(lua_State *S) { return lua_closethread(S, NULL); }

int lua_yieldk(lua_State *S, int results, lua_KContext context, lua_KFunction k) {
  foreign_yield(state_thread(S), results, k, context);
}

static int resume_error(Thread *thread, int arguments, const char *message) {
  thread->top -= arguments;
  push_text(thread, message);
  return LUA_ERRRUN;
}

int lua_resume(lua_State *S, lua_State *from, int arguments, int *results) {
  (void)from;
  Thread *thread = state_thread(S);
  VM *vm = thread->vm;
  *results = 0;
  bool has_ended = thread->status == THREAD_DEAD && !thread->failed;
  if (has_ended && capi_count(thread) > arguments) { /* it has got another function */
    thread->started = false;
    thread->status = THREAD_SUSPENDED;
  }
  if (thread->status == THREAD_DEAD) return resume_error(thread, arguments, "cannot resume dead coroutine");
  if (thread->status != THREAD_SUSPENDED || thread == vm->main)
    return resume_error(thread, arguments, "cannot resume non-suspended coroutine");
  if (!thread->started && capi_count(thread) == arguments)
    return resume_error(thread, arguments, "cannot resume dead coroutine");
  if (vm->c_depth + vm->current->nesting + 1 >= MAX_C_DEPTH) return resume_error(thread, arguments, "C stack overflow");
  Thread *L = vm->current;
  const bool is_run = begin_run(vm);
  int status = foreign_resume(L, thread, arguments, results);
  end_run(vm, is_run);
  if (status == STATUS_OK) return thread->status == THREAD_SUSPENDED ? LUA_YIELD : LUA_OK;
  *results = 1;
  push_value(thread, thread->top - 1); /* the caller takes one; the other is there when the thread is closed */
  return foreign_status(status);
}

int lua_status(lua_State *S) {
  const Thread *L = state_thread(S);
  if (L->status == THREAD_SUSPENDED && L->started) return LUA_YIELD;
  return L->status == THREAD_DEAD && L->failed ? foreign_status(L->failed_status) : LUA_OK;
}

int lua_isyieldable(lua_State *S) { return thread_is_yieldable(state_thread(S)); }
