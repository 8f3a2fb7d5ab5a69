/* Calls, returns, errors, coroutines, stacks.

   Lua functions never recurse on the C stack: calls, metamethods, pcall and coroutine switches all push frames, and one
   interpreter run works on them. A frame marked FRAME_FRESH is where C entered; returning from it leaves that run. An
   error is thrown to the innermost handler, which unwinds frames to the nearest waiting pcall, to the end of the
   coroutine, or to its own fresh frame and then throws on. */
#include "call.h"

#include <setjmp.h>
#include <string.h>

#include "api.h"
#include "gc.h"
#include "hooks.h"
#include "interpreter.h"
#include "memory.h"
#include "profiler.h"
#include "str.h"
#include "table.h"

#define FIRST_STACK 64
#define FIRST_FRAMES 8
#define FINALIZER_INSTRUCTIONS 1000000 /* that they have at least when the machine closes */
#define HANDLER_DEPTH 25 /* C levels beyond MAX_C_DEPTH, for error handlers */

struct Handler {
  jmp_buf jump;
  Handler *previous;
  Thread *thread;
  size_t frame;      /* index of the first frame that this handler is responsible for */
  int c_depth;
  int c_boundaries;
  uint8_t nesting;
  bool is_protected; /* errors end here */
  bool is_transparent; /* but the message handler of an xpcall outside it sees them */
};

/* The next frame is filled before it becomes the current one: a sample may be taken at any moment. */
static inline Frame *next_frame(Thread *L) {
  if (UNLIKELY(L->frame >= L->frames_limit)) frames_grow(L);
  return L->frame + 1;
}

static inline void push_frame(Thread *L, Frame *frame) {
  atomic_signal_fence(memory_order_release);
  L->frame = frame;
}

/* --- threads */

static void thread_prepare(Thread *L, Thread *thread) {
  thread->stack = memory_array(L, NULL, 0, FIRST_STACK, sizeof *thread->stack);
  for (int i = 0; i < FIRST_STACK; i++) {
    set_nil(&thread->stack[i]);
    thread->stack[i].spare = 0;
  }
  thread->stack_limit = thread->stack + FIRST_STACK - STACK_SPARE;
  thread->top = thread->stack + 1;
  thread->frames = memory_array(L, NULL, 0, FIRST_FRAMES, sizeof *thread->frames);
  thread->frames_limit = thread->frames + FIRST_FRAMES - 1;
  thread->frame = thread->frames;
  memset(thread->frames, 0, sizeof *thread->frames);
  thread->frame->kind = FRAME_C; /* a ground frame, for C code that uses the thread from outside */
  thread->frame->base = thread->stack + 1;
}

Thread *thread_new(Thread *L) {
  Thread *thread = gc_new_object(L, TAG_THREAD, sizeof *thread);
  memset(&thread->status, 0, sizeof *thread - offsetof(Thread, status)); /* the header is the collector's */
  thread->vm = L->vm;
  thread->status = THREAD_SUSPENDED;
  thread_prepare(L, thread);
  return thread;
}

static void abort_frames(Thread *L, const Frame *from) {
  if (!profiler_is_measuring(L->vm)) return;
  for (const Frame *f = L->frame; f >= from; f--)
    if (f->kind == FRAME_LUA) profiler_abort_frame(f);
}

void thread_free(VM *vm, Thread *thread) {
  if (thread->hook_mask != 0) vm->hooked_threads--;
  if (thread->stack != NULL) {
    if (thread->frames != NULL) profiler_abandon_thread(vm, thread);
    upvalues_close(thread, thread->stack);
    memory_free(vm, thread->stack, ((size_t)(thread->stack_limit - thread->stack) + STACK_SPARE) * sizeof(Value));
  }
  if (thread->frames != NULL)
    memory_free(vm, thread->frames, ((size_t)(thread->frames_limit - thread->frames) + 1) * sizeof(Frame));
  memory_free(vm, thread, sizeof *thread);
}

/* --- to-be-closed variables */

void variable_mark_tbc(Thread *L, Value *slot) {
  if (is_falsy(slot)) return;
  if (is_nil(metamethod_of(L->vm, slot, METAMETHOD_CLOSE))) {
    top_above_frame(L);
    const Frame *f = L->frame;
    const char *name = NULL;
    if (f->kind == FRAME_LUA) {
      const Proto *p = f->base[-1].luafn->proto;
      for (uint32_t i = 0; i < p->local_count; i++) { /* the variable begins at the next instruction at the latest */
        const LocalDesc *local = &p->locals[i];
        uint32_t pc = (uint32_t)(f->pc - p->code);
        if (local->slot == slot - f->base && local->first_pc <= pc && pc < local->end_pc && local->name != NULL)
          name = local->name->text;
      }
    }
    error_runtime(L, "variable '%s' got a non-closable value", name != NULL ? name : "?");
  }
  slot->spare = L->tbc_last != NULL ? (uint32_t)(slot - L->tbc_last) : 0;
  L->tbc_last = slot;
}

/* Takes the last marked variable from `level_offset` up off the list and pushes the call that closes it; false if there is
   none. */
static bool push_close_call(Thread *L, ptrdiff_t level_offset, const Value *error) {
  Value *slot = L->tbc_last;
  if (slot == NULL || slot - L->stack < level_offset) return false;
  /* bytecode may spoil the chain: it stays inside the stack */
  bool is_chained = slot->spare != 0 && slot->spare < (size_t)(slot - L->stack);
  L->tbc_last = is_chained ? slot - slot->spare : NULL;
  upvalues_close(L, slot);
  Value function = *metamethod_of(L->vm, slot, METAMETHOD_CLOSE), variable = *slot;
  stack_reserve(L, 4);
  value_copy(L->top, &function);
  value_copy(L->top + 1, &variable);
  value_copy(L->top + 2, error != NULL ? error : &nil_value);
  L->top += 3;
  return true;
}

void variables_close(Thread *L, ptrdiff_t level_offset, const Value *error) {
  Value kept = error != NULL ? *error : nil_value;
  while (push_close_call(L, level_offset, &kept)) call_value(L, 2, 0);
  upvalues_close(L, L->stack + level_offset);
}

/* --- throwing */

static NORETURN void throw_to_handler(VM *vm, int status) {
  profiler_keep_chain(vm);
  Handler *h = vm->handler;
  longjmp(h->jump, status);
}

/* The message handler of the innermost xpcall around the current frame, or NULL. */
static const Value *message_handler(Thread *L) {
  for (const Frame *f = L->frame; f >= L->frames; f--) {
    if (f->kind == FRAME_XPCALL) return &f->base[0];
    if (f->kind == FRAME_PCALL) return NULL;
    for (const Handler *h = L->vm->handler; h != NULL; h = h->previous)
      if (h->is_protected && !h->is_transparent && h->thread == L && h->frame == (size_t)(f - L->frames) + 1) return NULL;
  }
  return NULL;
}

void error_throw(Thread *L) {
  const Value *handler = message_handler(L);
  if (handler != NULL) {
    if (L->vm->c_depth >= MAX_C_DEPTH + HANDLER_DEPTH - 2) error_throw_status(L, STATUS_HANDLER);
    Value *error = L->top - 1;
    value_copy(L->top, error);
    value_copy(error, handler);
    L->top++;
    call_value(L, 1, 1);
  }
  throw_to_handler(L->vm, STATUS_ERROR);
}

void error_throw_status(Thread *L, int status) {
  if (status == STATUS_HANDLER) push_text(L, "error in error handling");
  if (status == STATUS_EXIT) push_nil(L);
  throw_to_handler(L->vm, status);
}

bool is_uncaught(const Thread *L) {
  const VM *vm = L->vm;
  int catchers = 0;
  for (const Handler *h = vm->handler; h != NULL; h = h->previous) catchers += h->is_protected;
  if (vm->tracer == NULL || catchers != 1) return false;
  for (; L != NULL; L = L->resumer)
    for (const Frame *f = L->frame; f > L->frames; f--) {
      if (f->kind == FRAME_PCALL || f->kind == FRAME_RESUME) return false;
      if (f->kind == FRAME_XPCALL && (f->base->tag != TAG_CFN || f->base->cfn->call != vm->tracer)) return false;
    }
  return true;
}

void error_memory(Thread *L) {
  if (L->vm->allocator->limit != SIZE_MAX && is_uncaught(L)) error_limit(L, INTERRUPT_MEMORY);
  top_above_frame(L);
  if (L->vm->memory_message != NULL) push_str(L, L->vm->memory_message);
  throw_to_handler(L->vm, STATUS_MEMORY);
}

void error_exit(Thread *L, int exit_status) {
  L->vm->exit_status = exit_status;
  error_throw_status(L, STATUS_EXIT);
}

static NORETURN void rethrow(VM *vm, Handler *h, int status) {
  vm->handler = h->previous;
  vm->c_depth = h->c_depth;
  h->thread->c_boundaries = h->c_boundaries;
  h->thread->nesting = h->nesting;
  throw_to_handler(vm, status);
}

/* Where a protected call's frame keeps the error that it caught: in place of the function that it called. */
static Value *caught_error(const Frame *f) { return f->kind == FRAME_XPCALL ? f->base + 1 : f->base; }

/* The thread's frame is a protected call that has caught an error: closes variables above it and then leaves its two
   results on the top. Unless AFTER_DONE, a metamethod's frame is to run first. */
static enum After unwind_some(Thread *L) {
  ptrdiff_t level = caught_error(L->frame) + 1 - L->stack;
  Value error = L->stack[level - 1];
  L->top = L->stack + level;
  if (L->tbc_last != NULL && L->tbc_last >= L->top) L->top = L->tbc_last + 1;
  enum After after = variables_close_some(L, level, &error, CONTINUE_UNWIND, 0);
  if (after != AFTER_DONE) return after;
  bool is_traced = L->frame->kind == FRAME_XPCALL;
  L->top = (is_traced ? L->frame->base : L->frame->base - 1) + 2;
  set_bool(L->top - 2, false);
  value_copy(L->top - 1, &error);
  stack_shrink(L);
  return AFTER_DONE;
}

/* Unwinds from the current frame to whoever catches the error on top of the current thread's stack. */
static enum After recover(VM *vm, Handler *h, int status) {
  for (;;) {
    Thread *L = vm->current;
    vm->c_depth = h->c_depth + 1;
    for (const Thread *t = L; t != h->thread; t = t->resumer) vm->c_depth++;
    Frame *ground = L == h->thread ? L->frames + h->frame : L->frames + 1;
    Frame *f = L->frame;
    if (status_is_final(status) && L != h->thread) { /* suspended coroutines stay as they are */
      Thread *resumer = L->resumer;
      Value error = L->top[-1];
      L->status = THREAD_DEAD;
      L->resumer = NULL;
      vm->current = resumer;
      resumer->status = THREAD_RUNNING;
      top_above_frame(resumer);
      push_value(resumer, &error);
      continue;
    }
    while (f >= ground && (status_is_final(status) || (f->kind != FRAME_PCALL && f->kind != FRAME_XPCALL))) f--;
    if (f >= ground) {
      abort_frames(L, f + 1);
      hook_unwind(L, (size_t)(f - L->frames));
      L->frame = f;
      L->nesting = f->nesting;
      value_copy(caught_error(f), L->top - 1);
      enum After after = unwind_some(L);
      if (after != AFTER_DONE) return after;
      if (status == STATUS_MEMORY) memory_reclaim(L);
      return call_return(L, L->top - 2, 2);
    }
    if (L == h->thread) { /* not caught in this run */
      abort_frames(L, ground);
      L->frame = ground - 1;
      rethrow(vm, h, status);
    }
    /* the coroutine dies; its frames stay for a traceback */
    Thread *resumer = L->resumer;
    Value error = L->top[-1];
    L->status = THREAD_DEAD;
    L->failed = true;
    L->resumer = NULL;
    vm->current = resumer;
    vm->c_depth--;
    resumer->status = THREAD_RUNNING;
    f = resumer->frame;
    if (f->kind == FRAME_RESUME) {
      set_bool(f->base - 1, false);
      value_copy(f->base, &error);
      resumer->top = f->base + 1;
      if (status == STATUS_MEMORY) memory_reclaim(resumer);
      return call_return(resumer, resumer->frame->base - 1, 2);
    }
    /* coroutine.wrap propagates, with the position of its call in front of a string */
    value_copy(f->base, &error);
    resumer->top = f->base + 1;
    if (L->tbc_last != NULL) {
      value_copy(resumer->top++, &error);
      thread_close(resumer, L);
      value_copy(resumer->frame->base, L->top - 1);
      resumer->top = resumer->frame->base + 1;
    }
    if (status == STATUS_ERROR && is_string(resumer->top - 1)) {
      push_where(resumer, 1);
      Value where = resumer->top[-1];
      value_copy(resumer->top - 1, resumer->top - 2);
      value_copy(resumer->top - 2, &where);
      value_concat(resumer, 2);
    }
    error_throw(resumer); /* comes back here, by way of the message handler */
  }
}

/* --- calls */

/* Only frames flagged FRAME_CONTINUED have a `continuation` and an `operand`: the thread's next ones. A tail call's frame
   takes over those of the frame whose place it takes. */
static inline void set_continuation(const Thread *L, Frame *frame) {
  if (UNLIKELY(frame->flags & FRAME_CONTINUED)) {
    frame->continuation = L->next_continuation;
    frame->operand = L->next_operand;
  }
}

static void push_lua_frame(Thread *L, Value *f, int arguments, int results, uint8_t flags) {
  Proto *p = f->luafn->proto;
  L->top = f + 1 + arguments;
  size_t extra = p->is_vararg ? (size_t)p->parameters + 1 : 0;
  if (UNLIKELY(L->stack_limit - L->top < (ptrdiff_t)(p->slots + extra))) {
    ptrdiff_t offset = f - L->stack;
    stack_grow(L, p->slots + extra);
    f = L->stack + offset;
  }
  Frame *frame = next_frame(L);
  for (; arguments < p->parameters; arguments++) set_nil(f + 1 + arguments);
  Value *base = f + 1;
  frame->shift = 0;
  if (p->is_vararg) { /* the function and its named arguments move above the extra ones */
    uint32_t shift = (uint32_t)arguments + 1;
    base += shift;
    value_copy(base - 1, f);
    for (int i = 0; i < p->parameters; i++) {
      value_copy(base + i, f + 1 + i);
      set_nil(f + 1 + i);
    }
    frame->shift = shift;
    flags |= FRAME_VARARG;
  }
  frame->base = base;
  frame->pc = p->code;
  frame->results = (int16_t)results;
  frame->kind = FRAME_LUA;
  frame->flags = flags;
  set_continuation(L, frame);
  push_frame(L, frame);
  if (UNLIKELY(L->vm->mode != MODE_OFF)) {
    p->entries++;
    profiler_note_depth(L->vm->profiler, L, base + p->parameters, NULL);
  }
  if (UNLIKELY(L->hook_mask != 0)) hook_call(L, flags & FRAME_TAIL, p->parameters);
}

static Frame *push_c_frame(Thread *L, Value *f, int arguments, int results, uint8_t kind, uint8_t flags) {
  L->top = f + 1 + arguments;
  if (UNLIKELY(L->stack_limit - L->top < MIN_C_SLOTS)) {
    ptrdiff_t offset = f - L->stack;
    stack_grow(L, MIN_C_SLOTS);
    f = L->stack + offset;
  }
  Frame *frame = next_frame(L);
  frame->base = f + 1;
  frame->pc = NULL;
  frame->shift = 0;
  frame->results = (int16_t)results;
  frame->kind = kind;
  frame->flags = flags;
  set_continuation(L, frame);
  frame->nesting = L->nesting;
  push_frame(L, frame);
  if (UNLIKELY(L->vm->mode != MODE_OFF)) {
    f->cfn->calls++;
    profiler_note_depth(L->vm->profiler, L, L->top, NULL);
  }
  if (UNLIKELY(L->hook_mask != 0)) {
    hook_call(L, false, arguments);
    return L->frame; /* they may have moved */
  }
  return frame;
}

/* Runs the function of the C frame that was pushed last, whose arguments begin at f + 1. */
static int run_c_function(Thread *L, Value *f, int arguments) {
  VM *vm = L->vm;
  CFn *function = f->cfn;
  if (LIKELY(vm->mode == MODE_OFF)) return function->call(L, f + 1, arguments);
  const char *outer = RUNNING_GET(vm, builtin);
  RUNNING_SET(vm, builtin, function->name);
  uint64_t begun = profiler_builtin_begin(vm->profiler);
  int n = function->call(L, f + 1, arguments);
  profiler_builtin_end(vm->profiler, function, begun);
  RUNNING_SET(vm, builtin, outer);
  return n;
}

/* Copies values between threads onto the top of `to`, or to `at`. */
static void move_values(Thread *to, ptrdiff_t at, const Value *from, int n) {
  to->top = to->stack + at;
  stack_reserve(to, (size_t)n + 1);
  for (int i = 0; i < n; i++) value_copy(to->top++, &from[i]);
  if (UNLIKELY(to->vm->mode != MODE_OFF)) profiler_note_depth(to->vm->profiler, to, to->top, NULL);
}

/* Hands n values to the frame of coroutine.resume or wrap that waits in `resumer`. */
static enum After deliver_to_resumer(Thread *resumer, const Value *from, int n) {
  VM *vm = resumer->vm;
  Frame *f = resumer->frame;
  bool with_status = f->kind == FRAME_RESUME;
  ptrdiff_t result = f->base - 1 - resumer->stack;
  move_values(resumer, result + with_status, from, n);
  if (with_status) set_bool(resumer->stack + result, true);
  vm->current->resumer = NULL;
  vm->current = resumer;
  vm->c_depth--;
  resumer->status = THREAD_RUNNING;
  return call_return(resumer, resumer->stack + result, n + with_status);
}

static enum After resume_failed(Thread *L, const char *message) {
  Frame *f = L->frame;
  if (f->kind == FRAME_WRAP) {
    L->frame--; /* the error happens where wrap's function was called */
    error_runtime(L, "%s", message);
  }
  set_bool(f->base - 1, false);
  L->top = f->base;
  push_text(L, message);
  return call_return(L, L->frame->base - 1, 2);
}

/* L->frame waits for `thread`, which is to run with n arguments at `from`. */
static enum After resume(Thread *L, Thread *thread, Value *from, int n) {
  VM *vm = L->vm;
  if (thread->status != THREAD_SUSPENDED) {
    return resume_failed(L, thread->status == THREAD_DEAD ? "cannot resume dead coroutine"
                                                          : "cannot resume non-suspended coroutine");
  }
  if (vm->c_depth >= MAX_C_DEPTH) return resume_failed(L, "C stack overflow");
  vm->c_depth++;
  thread->resumer = L;
  thread->status = THREAD_RUNNING;
  L->status = THREAD_NORMAL;
  vm->current = thread;
  if (!thread->started) {
    thread->started = true;
    Value *f = thread->top - 1;
    move_values(thread, thread->top - thread->stack, from, n);
    f = thread->top - n - 1;
    return call_begin(thread, f, n, MULTIPLE_RESULTS, FRAME_BOTTOM);
  }
  ptrdiff_t result = thread->frame->base - 1 - thread->stack;
  move_values(thread, result, from, n);
  return call_return(thread, thread->stack + result, n);
}

static enum After yield(Thread *L, Value *f, int arguments, int results, uint8_t flags) {
  Frame *frame = push_c_frame(L, f, arguments, results, FRAME_YIELD, flags);
  if (L == L->vm->main || L->resumer == NULL) error_runtime(L, "attempt to yield from outside a coroutine");
  if (L->c_boundaries > 0) error_runtime(L, "attempt to yield across a C-call boundary");
  Thread *resumer = L->resumer;
  profiler_keep_chain(L->vm);
  L->status = THREAD_SUSPENDED;
  return deliver_to_resumer(resumer, frame->base, arguments);
}

static void nest(Thread *L) {
  if (UNLIKELY(L->nesting >= MAX_C_DEPTH)) error_runtime(L, "C stack overflow");
  L->nesting++;
}

static enum After begin_special(Thread *L, Value *f, int arguments, int results, uint8_t flags) {
  Value *args = f + 1;
  Frame *frame;
  switch ((enum Special)f->cfn->special) {
    case SPECIAL_PCALL:
      if (arguments < 1) break;
      frame = push_c_frame(L, f, arguments, results, FRAME_PCALL, flags);
      nest(L);
      return call_begin(L, frame->base, arguments - 1, MULTIPLE_RESULTS, FRAME_HANDOFF);
    case SPECIAL_XPCALL:
      if (arguments < 2 || !is_function(&args[1])) break;
      frame = push_c_frame(L, f, arguments, results, FRAME_XPCALL, flags);
      nest(L);
      { /* handler below, function above it */
        Value function = frame->base[0];
        value_copy(&frame->base[0], &frame->base[1]);
        value_copy(&frame->base[1], &function);
      }
      return call_begin(L, frame->base + 1, arguments - 2, MULTIPLE_RESULTS, FRAME_HANDOFF);
    case SPECIAL_RESUME:
      if (arguments < 1 || args[0].tag != TAG_THREAD) break;
      frame = push_c_frame(L, f, arguments, results, FRAME_RESUME, flags);
      return resume(L, frame->base[0].thread, frame->base + 1, arguments - 1);
    case SPECIAL_WRAP:
      frame = push_c_frame(L, f, arguments, results, FRAME_WRAP, flags);
      return resume(L, frame->base[-1].cfn->upvalues[0].thread, frame->base, arguments);
    case SPECIAL_YIELD: return yield(L, f, arguments, results, flags);
    default: break;
  }
  /* wrong arguments, or nothing special about this call: the C function itself knows */
  push_c_frame(L, f, arguments, results, FRAME_C, flags);
  f = L->frame->base - 1;
  int n = run_c_function(L, f, arguments);
  if (n >= 0) return call_return(L, L->top - n, n);
  L->frame->flags |= FRAME_TAILING;
  arguments = -n % 256; /* see CALL_LAST */
  return call_begin(L, L->top - arguments - 1, arguments, -n / 256 - 2, FRAME_HANDOFF);
}

Value *call_resolve(Thread *L, Value *f, int *arguments) {
  int steps = 0;
  while (!is_function(f)) {
    const Value *metamethod = metamethod_of(L->vm, f, METAMETHOD_CALL);
    if (is_nil(metamethod) || ++steps > 200) error_call(L, f);
    Value function = *metamethod;
    L->top = f + 1 + *arguments;
    ptrdiff_t offset = f - L->stack;
    stack_reserve(L, 1);
    f = L->stack + offset;
    for (Value *v = L->top; v > f; v--) value_copy(v, v - 1);
    L->top++;
    value_copy(f, &function);
    ++*arguments;
  }
  return f;
}

enum After call_begin(Thread *L, Value *f, int arguments, int results, uint8_t flags) {
  if (UNLIKELY(!is_function(f))) f = call_resolve(L, f, &arguments);
  if (f->tag == TAG_LUAFN) {
    push_lua_frame(L, f, arguments, results, flags);
    return AFTER_RUN;
  }
  if (f->cfn->special != SPECIAL_NONE) return begin_special(L, f, arguments, results, flags);
  push_c_frame(L, f, arguments, results, FRAME_C, flags);
  f = L->frame->base - 1;
  int n = run_c_function(L, f, arguments);
  return call_return(L, L->top - n, n);
}

enum After variables_close_some(Thread *L, ptrdiff_t level_offset, const Value *error, enum Continuation continuation,
                                uint8_t operand) {
  while (push_close_call(L, level_offset, error)) {
    const Value *f = L->top - 3;
    if (f->tag == TAG_LUAFN || (f->tag == TAG_CFN && f->cfn->special == SPECIAL_YIELD)) {
      nest(L);
      L->next_continuation = (uint8_t)continuation;
      L->next_operand = operand;
      return call_begin(L, L->top - 3, 2, 0, FRAME_CONTINUED);
    }
    call_value(L, 2, 0);
  }
  upvalues_close(L, L->stack + level_offset);
  return AFTER_DONE;
}

enum After return_close_some(Thread *L, uint8_t slot) {
  top_above_frame(L);
  const Frame *f = L->frame;
  Value *end = f->base + slot + f->pending;
  if (end > L->top) L->top = end;
  return variables_close_some(L, f->base - L->stack, NULL, CONTINUE_RETURN, slot);
}

/* A metamethod has returned to the instruction that needed it; the current frame is to run on. */
static enum After continue_instruction(Thread *L, uint8_t continuation, uint8_t operand, const Value *result) {
  Frame *f = L->frame;
  switch ((enum Continuation)continuation) {
    case CONTINUE_STORE: value_copy(f->base + operand, result); break;
    case CONTINUE_JUMP_IF:
    case CONTINUE_JUMP_UNLESS:
      if (is_falsy(result) == (continuation == CONTINUE_JUMP_UNLESS)) {
        Proto *p = f->base[-1].luafn->proto;
        if (L->vm->mode != MODE_OFF) p->counts->taken[f->pc - p->code - 1]++;
        f->pc += (int32_t)f->pc[-1];
      }
      break;
    case CONTINUE_CONCAT:
      value_copy(f->base + operand, result);
      concat_continue(L, f->pc[-1] >> 8 & 0xff, operand);
      break;
    case CONTINUE_CLOSE:
      top_above_frame(L);
      return variables_close_some(L, f->base + operand - L->stack, NULL, CONTINUE_CLOSE, operand);
    default: break;
  }
  return AFTER_RUN;
}

enum After call_return(Thread *L, Value *from, int n) {
  for (;;) {
    if (UNLIKELY(L->hook_mask != 0)) from = hook_return(L, from, n);
    Frame *f = L->frame;
    uint16_t flags = f->flags;
    if (UNLIKELY(flags & FRAME_PEAK)) profiler_keep_chain(L->vm);
    if (flags & FRAME_BOTTOM) {
      Thread *resumer = L->resumer;
      L->status = THREAD_DEAD;
      L->frame = L->frames;
      L->top = from + n; /* the values stay valid until they are moved */
      enum After after = deliver_to_resumer(resumer, from, n);
      L->top = L->stack + 1;
      return after;
    }
    L->frame = f - 1;
    if (f->kind == FRAME_PCALL || f->kind == FRAME_XPCALL) L->nesting = f->nesting;
    if (flags & FRAME_CONTINUED) {
      L->nesting--;
      uint8_t continuation = f->continuation, operand = f->operand;
      Value result;
      if (n > 0)
        result = *from;
      else
        set_nil(&result);
      if (continuation == CONTINUE_RETURN) {
        enum After after = return_close_some(L, operand);
        if (after != AFTER_DONE) return after;
        from = L->frame->base + operand;
        n = (int)L->frame->pending;
      } else if (continuation == CONTINUE_UNWIND) {
        enum After after = unwind_some(L);
        if (after != AFTER_DONE) return after;
        n = 2;
        from = L->top - n;
      } else {
        enum After after = continue_instruction(L, continuation, operand, &result);
        return after == AFTER_DONE ? AFTER_RUN : after;
      }
      continue;
    }
    Value *to = f->base - 1 - f->shift;
    int wanted = f->results;
    int moved = wanted == MULTIPLE_RESULTS || n < wanted ? n : wanted;
    for (int i = 0; i < moved; i++) value_copy(to + i, from + i);
    if (wanted == MULTIPLE_RESULTS) {
      L->top = to + n;
    } else {
      for (int i = moved; i < wanted; i++) set_nil(to + i);
      if (flags & FRAME_FRESH) L->top = to + wanted;
    }
    if (flags & FRAME_FRESH) return AFTER_LEAVE;
    switch (f[-1].kind) {
      case FRAME_PCALL:
        set_bool(to - 1, true);
        from = to - 1;
        n++;
        break;
      case FRAME_XPCALL:
        set_bool(to - 1, true);
        from = to - 1;
        n++;
        break;
      default:
        if (!(f[-1].flags & FRAME_TAILING)) return AFTER_RUN;
        from = to;
        if (wanted != MULTIPLE_RESULTS) n = wanted;
        break;
    }
  }
}

/* What the profiler knows about the instruction and the library function that C code interrupts to run something. */
typedef struct Interrupted {
  const uint32_t *pc;
  const char *builtin;
  Away away;
} Interrupted;

static Interrupted interrupted(const VM *vm) {
  return (Interrupted){RUNNING_GET(vm, pc), RUNNING_GET(vm, builtin), profiler_go_away(vm)};
}

static void go_on(VM *vm, const Interrupted *kept) {
  RUNNING_SET(vm, pc, kept->pc);
  RUNNING_SET(vm, builtin, kept->builtin);
  profiler_come_back(vm, &kept->away);
}

static void run(Thread *L, Value *f, int arguments, int results) {
  VM *vm = L->vm;
  if (UNLIKELY(vm->c_depth >= MAX_C_DEPTH)) {
    if (vm->c_depth >= MAX_C_DEPTH + HANDLER_DEPTH) error_throw_status(L, STATUS_HANDLER);
    if (vm->c_depth == MAX_C_DEPTH) {
      vm->c_depth++; /* what handles this error may go a little deeper */
      error_runtime(L, "C stack overflow");
    }
  }
  const Interrupted kept = interrupted(vm);
  Handler h;
  h.previous = vm->handler;
  h.thread = L;
  h.frame = (size_t)(L->frame - L->frames) + 1;
  h.c_depth = vm->c_depth;
  h.c_boundaries = L->c_boundaries;
  h.nesting = L->nesting;
  h.is_protected = false;
  h.is_transparent = false;
  vm->handler = &h;
  vm->c_depth++;
  L->c_boundaries++;
  int status = setjmp(h.jump);
  enum After after = status == 0 ? call_begin(L, f, arguments, results, FRAME_FRESH) : recover(vm, &h, status);
  if (after == AFTER_RUN) {
    enum Mode mode = vm->mode;
    interpret(vm);
    if (UNLIKELY(vm->mode != mode)) vm_interrupt(vm, 0); /* for the loop that runs what called this */
  }
  go_on(vm, &kept);
  vm->handler = h.previous;
  vm->c_depth = h.c_depth;
  L->c_boundaries = h.c_boundaries;
}

void call_value(Thread *L, int arguments, int results) {
  Value *f = L->top - arguments - 1;
  if (f->tag == TAG_CFN && f->cfn->special == SPECIAL_NONE && L->vm->c_depth < MAX_C_DEPTH) {
    L->vm->c_depth++;
    push_c_frame(L, f, arguments, results, FRAME_C, FRAME_FRESH);
    f = L->frame->base - 1;
    int n = run_c_function(L, f, arguments);
    call_return(L, L->top - n, n);
    L->vm->c_depth--;
    return;
  }
  run(L, f, arguments, results);
}

typedef struct ProtectedCall {
  int arguments;
  int results;
} ProtectedCall;

static void protected_call_body(Thread *L, void *context) {
  const ProtectedCall *call = context;
  call_value(L, call->arguments, call->results);
}

static int run_protected(Thread *L, void (*body)(Thread *L, void *context), void *context, ptrdiff_t level,
                         bool is_transparent) {
  VM *vm = L->vm;
  const Interrupted kept = interrupted(vm);
  Handler h;
  h.previous = vm->handler;
  h.thread = L;
  h.frame = (size_t)(L->frame - L->frames) + 1;
  h.c_depth = vm->c_depth;
  h.c_boundaries = L->c_boundaries;
  h.nesting = L->nesting;
  h.is_protected = true;
  h.is_transparent = is_transparent;
  vm->handler = &h;
  volatile bool is_leaving = false; /* by os.exit that closes the state: pending variables of the main thread too */
  int status = setjmp(h.jump);
  if (status == STATUS_EXIT && L == vm->main && !vm->skips_finalizers) {
    is_leaving = true;
    vm->current = L;
  }
  if (status == 0) {
    body(L, context);
  } else { /* another error while closing comes here again */
    go_on(vm, &kept);
    if (vm->current == L) {
      abort_frames(L, L->frames + h.frame);
      hook_unwind(L, h.frame - 1);
      L->frame = L->frames + h.frame - 1;
    }
    vm->c_depth = h.c_depth;
    L->c_boundaries = h.c_boundaries;
    L->nesting = h.nesting;
    Value error = L->top[-1];
    if (!status_is_final(status) || (is_leaving && status == STATUS_EXIT))
      variables_close(L, level, status == STATUS_EXIT ? NULL : &error);
    upvalues_close(L, L->stack + level);
    L->top = L->stack + level;
    value_copy(L->top++, &error);
    stack_shrink(L);
    if (is_leaving && status == STATUS_ERROR) status = STATUS_EXIT;
    if (status == STATUS_LIMIT && h.previous != NULL) vm_interrupt(vm, vm->ended); /* should the caller go on */
  }
  vm->handler = h.previous;
  return status;
}

int call_protected(Thread *L, int arguments, int results) {
  ProtectedCall call = {arguments, results};
  return run_protected(L, protected_call_body, &call, L->top - arguments - 1 - L->stack, false);
}

int call_protected_body(Thread *L, void (*body)(Thread *L, void *context), void *context) {
  return run_protected(L, body, context, L->top - L->stack, false);
}

int call_transparent_body(Thread *L, void (*body)(Thread *L, void *context), void *context) {
  return run_protected(L, body, context, L->top - L->stack, true);
}

/* As xpcall does, but for C: the frame that holds the handler waits below the call. */
static void traced_call_body(Thread *L, void *context) {
  const ProtectedCall *call = context;
  Frame *frame = next_frame(L);
  memset(frame, 0, sizeof *frame);
  frame->kind = FRAME_XPCALL;
  frame->base = L->top - call->arguments - 2; /* the handler; the slot below is the frame's function */
  push_frame(L, frame);
  call_value(L, call->arguments, call->results);
  L->frame--;
}

int call_traced(Thread *L, int arguments, int results, CFunction handler) {
  stack_reserve(L, 4);
  CFn *f = push_function(L, handler, "error handler", 0);
  Value *function = L->top - arguments - 2;
  for (Value *v = L->top - 2; v >= function; v--) value_copy(v + 2, v);
  L->top++;
  for (int i = 0; i < 2; i++) {
    function[i].cfn = f;
    function[i].tag = TAG_CFN;
  }
  ptrdiff_t level = function - L->stack;
  ProtectedCall call = {arguments, results};
  CFunction outer = L->vm->tracer;
  L->vm->tracer = handler;
  int status = run_protected(L, traced_call_body, &call, level, false);
  L->vm->tracer = outer;
  if (status == STATUS_OK) { /* the results take the places from `level` on */
    Value *to = L->stack + level;
    for (Value *v = to + 2; v < L->top; v++) value_copy(v - 2, v);
    L->top -= 2;
  }
  return status;
}

/* --- metamethods called from instructions */

bool call_metamethod(Thread *L, const Value *f, const Value *a, const Value *b, const Value *c,
                     enum Continuation continuation, uint8_t operand) {
  Value *to = L->top;
  value_copy(to, f);
  value_copy(to + 1, a);
  value_copy(to + 2, b);
  int arguments = 2;
  if (c != NULL) value_copy(to + 1 + arguments++, c);
  L->top = to + 1 + arguments;
  if (to->tag == TAG_LUAFN) {
    nest(L);
    L->next_continuation = (uint8_t)continuation;
    L->next_operand = operand;
    push_lua_frame(L, to, arguments, 1, FRAME_CONTINUED);
    return true;
  }
  ptrdiff_t caller = L->frame - L->frames;
  ptrdiff_t offset = to - L->stack;
  call_value(L, arguments, 1);
  L->frame = L->frames + caller;
  Value result = L->stack[offset];
  const uint32_t *pc = L->frame->pc;
  continue_instruction(L, (uint8_t)continuation, operand, &result);
  return L->frame->pc != pc || L->frame != L->frames + caller;
}

/* --- coroutines from C */

typedef struct CloseThread {
  Value error;
  bool failed;
} CloseThread;

static void close_thread_body(Thread *L, void *context) {
  CloseThread *close = context;
  variables_close(L, 1, close->failed ? &close->error : NULL);
}

int thread_close(Thread *L, Thread *thread) {
  CloseThread close;
  close.failed = thread->failed;
  set_nil(&close.error);
  if (thread->failed) close.error = thread->top[-1];
  int status = thread->failed ? STATUS_ERROR : STATUS_OK;
  VM *vm = L->vm;
  abort_frames(thread, thread->frames);
  thread->frame = thread->frames;
  thread->status = THREAD_RUNNING;
  vm->current = thread;
  thread->resumer = L; /* keeps L reachable meanwhile */
  int boundaries = thread->c_boundaries++;
  for (;;) {
    int closing = call_protected_body(thread, close_thread_body, &close);
    if (closing == STATUS_OK) break;
    status = closing;
    close.error = thread->top[-1];
    close.failed = true;
    if (status_is_final(closing)) break;
  }
  thread->c_boundaries = boundaries;
  thread->resumer = NULL;
  thread->status = THREAD_DEAD;
  thread->failed = false;
  vm->current = L;
  thread->top = thread->stack + 1;
  if (status != STATUS_OK) value_copy(thread->top++, &close.error);
  if (status_is_final(status)) {
    value_copy(L->top++, &close.error);
    error_throw_status(L, status);
  }
  return status;
}

/* --- the whole machine */

static void vm_prepare(Thread *L, void *context) {
  (void)context;
  VM *vm = L->vm;
  str_table_init(L);
  vm->memory_message = str_from(L, "not enough memory");
  static const char *const names[] = {
#define X(name, text) text,
      METAMETHODS(X)
#undef X
  };
  for (int i = 0; i < METAMETHOD_COUNT; i++) vm->metamethod_names[i] = str_from(L, names[i]);
  Table *registry = table_new(L, 0, 8);
  set_table(&vm->registry, registry);
  vm->globals = table_new(L, 0, 64);
  vm->loaded = table_new(L, 0, 16);
  vm->gc->stopped = false;
}

VM *vm_new(void) {
  Allocator *allocator = allocator_new();
  if (allocator == NULL) return NULL;
  VM *vm = memory_first(allocator, sizeof *vm);
  GC *gc = gc_new(allocator);
  Thread *L = memory_first(allocator, sizeof *L);
  if (vm == NULL || gc == NULL || L == NULL) {
    allocator_delete(allocator);
    return NULL;
  }
  vm->allocator = allocator;
  vm->gc = gc;
  vm->seed = 0x9E3779B9u;
  L->vm = vm;
  L->tag = TAG_THREAD;
  L->marked = WHITE0;
  L->status = THREAD_RUNNING;
  L->started = true;
  gc->all = (Object *)L;
  vm->main = vm->current = L;
  Handler h; /* thread_prepare needs a place to throw to */
  memset(&h, 0, sizeof h);
  h.thread = L;
  h.is_protected = true;
  vm->handler = &h;
  if (setjmp(h.jump) != 0) {
    allocator_delete(allocator);
    return NULL;
  }
  thread_prepare(L, L);
  vm_prepare(L, NULL);
  vm->handler = NULL;
  return vm;
}

static void finalize_body(Thread *L, void *context) {
  (void)context;
  gc_finalize_all(L);
}

void vm_finish(VM *vm) {
  Thread *L = vm->main;
  vm->current = L;
  vm->mode = MODE_OFF;
  L->frame = L->frames;
  L->top = L->stack + 1;
  atomic_store(&vm->interrupt, 0); /* what ended the program gives the finalizers their turn */
  if (vm->instruction_limit > 0) {
    if (!vm->instructions_limited || vm->instructions_left < FINALIZER_INSTRUCTIONS)
      vm->instructions_left = FINALIZER_INSTRUCTIONS;
    vm->instructions_limited = true;
  }
  int status = STATUS_EXIT; /* os.exit in a finalizer lets the others run */
  while (status == STATUS_EXIT && !vm->skips_finalizers) status = call_protected_body(L, finalize_body, NULL);
  vm->skips_finalizers = true;
}

void vm_delete(VM *vm) {
  vm_finish(vm);
  Thread *L = vm->main;
  profiler_delete(vm);
  gc_free_all(vm);
  thread_free(vm, L);
  str_table_free(vm);
  Allocator *allocator = vm->allocator;
  memory_last(allocator, vm->gc, sizeof *vm->gc);
  memory_last(allocator, vm, sizeof *vm);
  allocator_delete(allocator);
}
