/* The coroutine library. Switching is the interpreter's: resume, yield and what wrap returns are marked special. */
#include <string.h>

#include "api.h"

static const char *status_name(Thread *L, const Thread *co) {
  static const char *const names[] = {
    [THREAD_SUSPENDED] = "suspended",
    [THREAD_RUNNING] = "running",
    [THREAD_NORMAL] = "normal",
    [THREAD_DEAD] = "dead",
  };
  if (co == L) return "running";
  bool is_empty = co->status == THREAD_SUSPENDED && !co->started && co->top <= co->stack + 1; /* as C code makes them */
  return is_empty ? "dead" : names[co->status];
}

static Thread *arg_coroutine(Thread *L, const Value *args, int count) {
  if (count == 0 || args[0].tag != TAG_THREAD) error_argument_type(L, 1, "thread");
  return args[0].thread;
}

/* Pushes a coroutine that will call the function in the first argument. */
static Thread *create(Thread *L, Value *args, int count) {
  arg_function(L, args, count, 1);
  Thread *co = thread_new(L);
  value_copy(co->top++, &args[0]);
  Value *pushed = push(L);
  set_object(pushed, co, TAG_THREAD);
  return co;
}

static int coroutine_create(Thread *L, Value *args, int count) {
  create(L, args, count);
  return 1;
}

static int coroutine_close(Thread *L, Value *args, int count) {
  Thread *co = arg_coroutine(L, args, count);
  if (co == L || (co->status != THREAD_SUSPENDED && co->status != THREAD_DEAD))
    error_library(L, "cannot close a %s coroutine", status_name(L, co));
  if (thread_close(L, co) == STATUS_OK) {
    push_bool(L, true);
    return 1;
  }
  push_bool(L, false);
  push_value(L, --co->top);
  return 2;
}

static int coroutine_isyieldable(Thread *L, Value *args, int count) {
  const Thread *co = count > 0 ? arg_coroutine(L, args, count) : L;
  push_bool(L, co != L->vm->main && co->c_boundaries == 0);
  return 1;
}

/* The interpreter does these. It calls them for arguments with which there is nothing to do. */

static int coroutine_resume(Thread *L, Value *args, int count) {
  arg_coroutine(L, args, count);
  return 0;
}

static int wrap_call(Thread *L, Value *args, int count) {
  (void)L;
  (void)args;
  (void)count;
  return 0;
}

static int coroutine_yield(Thread *L, Value *args, int count) {
  (void)L;
  (void)args;
  (void)count;
  return 0;
}

static int coroutine_running(Thread *L, Value *args, int count) {
  (void)args;
  (void)count;
  Value *pushed = push(L);
  set_object(pushed, L, TAG_THREAD);
  push_bool(L, L == L->vm->main);
  return 2;
}

static int coroutine_status(Thread *L, Value *args, int count) {
  push_text(L, status_name(L, arg_coroutine(L, args, count)));
  return 1;
}

static int coroutine_wrap(Thread *L, Value *args, int count) {
  create(L, args, count);
  push_function(L, wrap_call, "coroutine.wrap function", 1)->special = SPECIAL_WRAP;
  return 1;
}

static const LibraryEntry entries[] = {
  {"close", coroutine_close, SPECIAL_NONE},
  {"create", coroutine_create, SPECIAL_NONE},
  {"isyieldable", coroutine_isyieldable, SPECIAL_NONE},
  {"resume", coroutine_resume, SPECIAL_RESUME},
  {"running", coroutine_running, SPECIAL_NONE},
  {"status", coroutine_status, SPECIAL_NONE},
  {"wrap", coroutine_wrap, SPECIAL_NONE},
  {"yield", coroutine_yield, SPECIAL_YIELD},
  {NULL, NULL, SPECIAL_NONE},
};

void open_coroutine(Thread *L) {
  library_new(L, "coroutine", entries);
  L->top--;
}
