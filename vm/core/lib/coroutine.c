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
  return co == L ? "running" : names[co->status];
}

/* Pushes a coroutine that will call the function in the first argument. */
static Thread *create(Thread *L, Value *args, int count) {
  arg_function(L, args, count, 1);
  Thread *co = thread_new(L);
  value_copy(co->top++, &args[0]);
  Value *pushed = push(L);
  pushed->thread = co;
  pushed->tag = TAG_THREAD;
  return co;
}

static int coroutine_create(Thread *L, Value *args, int count) {
  create(L, args, count);
  return 1;
}

static int coroutine_close(Thread *L, Value *args, int count) {
  Thread *co = arg_thread(L, args, count, 1);
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
  const Thread *co = count > 0 ? arg_thread(L, args, count, 1) : L;
  push_bool(L, co != L->vm->main && co->c_boundaries == 0);
  return 1;
}

/* These three are reached only when C code calls them. */

static int coroutine_resume(Thread *L, Value *args, int count) {
  Thread *co = arg_thread(L, args, count, 1);
  ptrdiff_t first = args - L->stack;
  int status = coroutine_resume_from_c(L, co, count - 1);
  Value *results = L->stack + first;
  set_bool(results, status == STATUS_OK);
  return (int)(L->top - results);
}

static int wrap_call(Thread *L, Value *args, int count) {
  ptrdiff_t first = args - L->stack;
  int status = coroutine_resume_from_c(L, running_function(L)->upvalues[0].thread, count);
  if (status != STATUS_OK) {
    if (status != STATUS_MEMORY && is_string(L->top - 1)) {
      Value message;
      value_copy(&message, L->top - 1);
      L->top--;
      push_where(L, 1);
      push_value(L, &message);
      value_concat(L, 2);
    }
    error_throw(L);
  }
  return (int)(L->top - (L->stack + first));
}

static int coroutine_yield(Thread *L, Value *args, int count) {
  (void)args;
  (void)count;
  if (L == L->vm->main) error_library(L, "attempt to yield from outside a coroutine");
  error_library(L, "attempt to yield across a C-call boundary");
}

static int coroutine_running(Thread *L, Value *args, int count) {
  (void)args;
  (void)count;
  Value *pushed = push(L);
  pushed->thread = L;
  pushed->tag = TAG_THREAD;
  push_bool(L, L == L->vm->main);
  return 2;
}

static int coroutine_status(Thread *L, Value *args, int count) {
  push_text(L, status_name(L, arg_thread(L, args, count, 1)));
  return 1;
}

static int coroutine_wrap(Thread *L, Value *args, int count) {
  create(L, args, count);
  push_function(L, wrap_call, "coroutine.wrap", 1)->special = SPECIAL_WRAP;
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
