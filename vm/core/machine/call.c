/* Calls, returns, errors, coroutines, stacks.

   Lua functions never recurse on the C stack: calls, metamethods, pcall and coroutine switches all push frames, and one
   interpreter run works on them. A frame marked FRAME_FRESH is where C entered; returning from it leaves that run. An
   error is thrown to the innermost handler, which unwinds frames to the nearest waiting pcall, to the end of the
   coroutine, or to its own fresh frame and then throws on. */
#include "call.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"
#include "debuginfo.h"
#include "hooks.h"
#include "interpreter.h"
#include "interrupt.h"
#include "memory/gc.h"
#include "memory/heap.h"
#include "memory/memory.h"
#include "objects/serial.h"
#include "objects/str.h"
#include "objects/table.h"
#include "objects/upvalue.h"
#include "profiler/profiler.h"
#include "push.h"

#define FIRST_STACK 64
#define FIRST_FRAMES 8
#define FINALIZER_INSTRUCTIONS 1000000 /* that they have at least when the machine closes */
#define HANDLER_DEPTH (MAX_C_DEPTH / 10) /* levels beyond MAX_C_DEPTH, for error handlers: as the reference has it */

/* Most runs are of a function that C code calls back, and nothing in them catches an error. So a run is given a place to
   throw to only when a protected call or a coroutine begins in it, which waits until then; an error passes by all others.
   What C code protects has one from the start. */
struct Handler {
  jmp_buf jump; /* valid if it catches */
  Handler *previous;
  Thread *thread;
  size_t frame;      /* index of the first frame that this handler is responsible for */
  int c_depth;
  int c_boundaries;
  uint8_t nesting;
  ptrdiff_t traced; /* slot of the message handler of a protected call from C; 0: none */
  bool catches; /* it can be thrown to */
  bool is_waiting; /* the call that is described next waits until it can */
  uint16_t waiting_flags;
  int waiting_arguments;
  int waiting_results;
  ptrdiff_t waiting_function; /* in the current thread's stack */
  bool is_protected; /* errors end here */
  bool is_soft; /* a yield may leave the run: the C function under it has a continuation */
  bool is_transparent; /* but the message handler of an xpcall outside it sees them */
};

/* How deep the reference implementation's C stack would be: what is on this machine's, the metamethods and protected calls
   under way, and (in c_depth) the same of the threads that wait for this one. */
static inline int depth(const Thread *L) { return L->vm->c_depth + L->nesting; }

/* What handles the error of a stack that is too deep may go a little deeper. */
static inline void check_depth(Thread *L) {
  int is = depth(L);
  if (LIKELY(is < MAX_C_DEPTH)) return;
  if (is >= MAX_C_DEPTH + HANDLER_DEPTH) error_throw_status(L, STATUS_HANDLER);
  if (is == MAX_C_DEPTH) error_runtime(L, "C stack overflow");
}

static inline Frame *next_frame(Thread *L) {
  if (UNLIKELY(L->frame >= L->frames_limit)) frames_grow(L);
  return L->frame + 1;
}

/* The frames of the running thread and of those that wait for it are what a sample sees: it waits for another before it
   runs, and runs no more before it waits for none. */
static void begin_thread(VM *vm, Thread *resumer, Thread *thread) {
  thread->resumer = resumer;
  atomic_signal_fence(memory_order_release);
  vm->current = thread;
}

static void end_thread(VM *vm, Thread *resumer, Thread *thread) {
  vm->current = resumer;
  atomic_signal_fence(memory_order_release);
  thread->resumer = NULL;
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
  thread->extra_space = L->vm->main->extra_space;
  thread_prepare(L, thread);
  if (UNLIKELY(L->foreign_hook != NULL)) {
    thread->foreign_hook = L->foreign_hook;
    hook_set(thread, L->hook_mask, L->hook_every);
  }
  thread->next_thread = L->vm->threads;
  L->vm->threads = thread;
  return thread;
}

/* --- C functions of modules */

void foreign_begin(VM *vm) {
  if (vm->mode != MODE_SAMPLE) return; /* the program has paused the profile */
  sampler_begin_foreign(profiler_sampler(vm));
  vm->in_foreign = true;
}

void foreign_end(VM *vm) {
  vm->in_foreign = false;
  sampler_end_foreign(profiler_sampler(vm));
}

/* The record of the frame with this index, or NULL; what belongs to frames above it is dropped. */
static Waiting *waiting_of(Thread *L, size_t frame) {
  Waiting *w;
  while ((w = L->waiting) != NULL && w->frame > frame) {
    L->waiting = w->below;
    memory_free(L->vm, w, sizeof *w);
  }
  return w != NULL && w->frame == frame ? w : NULL;
}

static Waiting *waiting_new(Thread *L, ForeignContinuation continuation, intptr_t context) {
  size_t frame = (size_t)(L->frame - L->frames);
  Waiting *w = waiting_of(L, frame);
  if (w == NULL) {
    w = memory_allocate(L, sizeof *w);
    w->below = L->waiting;
    L->waiting = w;
    w->frame = frame;
  }
  w->continuation = continuation;
  w->context = context;
  w->function = w->handler = 0;
  w->status = STATUS_OK;
  w->is_protected = false;
  return w;
}

/* The current frame's C function goes on, with STATUS_SWITCH after a yield or else with the status of an error that was
   caught: returns how many results it leaves on the top. */
static int run_continuation(Thread *L, int status) {
  VM *vm = L->vm;
  Waiting *w = waiting_of(L, (size_t)(L->frame - L->frames));
  const Waiting kept = *w;
  L->waiting = w->below;
  memory_free(vm, w, sizeof *w);
  L->frame->kind = FRAME_C;
  stack_reserve(L, MIN_C_SLOTS);
  uint64_t begun = vm->mode != MODE_OFF ? profiler_builtin_begin(vm->profiler) : 0;
  int n = foreign_continue(L, kept.continuation, status, kept.context);
  if (vm->mode != MODE_OFF && L->frame->cfn != NULL)
    profiler_builtin_end(vm->profiler, L->frame->base[-1].cfn, begun);
  return n;
}

static void abort_frames(Thread *L, const Frame *from) {
  if (!profiler_is_measuring(L->vm)) return;
  for (const Frame *f = L->frame; f >= from; f--)
    if (f->kind == FRAME_LUA) profiler_abort_frame(f);
}

/* --- to-be-closed variables */

void variable_mark_tbc(Thread *L, Value *slot) {
  if (is_falsy(slot)) return;
  if (is_nil(metamethod_of(L->vm, slot, METAMETHOD_CLOSE))) {
    top_above_frame(L);
    const Frame *f = L->frame;
    const char *name = f->kind == FRAME_LUA ? NULL : "(C temporary)";
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

static void close_all_body(Thread *L, void *context) {
  variables_close(L, 1, context);
}

/* Nothing catches the error: its variables are closed, and the host may leave with longjmp. */
static NORETURN void panic(VM *vm) {
  Thread *L = vm->main;
  Value error = vm->current->top[-1];
  vm->current = L;
  L->frame = L->frames;
  L->status = THREAD_RUNNING;
  L->c_boundaries = 0;
  vm->c_depth = 1;
  L->nesting = 0;
  while (L->tbc_last != NULL && call_protected_body(L, close_all_body, &error) != STATUS_OK) error = L->top[-1];
  upvalues_close(L, L->stack + 1);
  L->top = L->stack + 1;
  value_copy(L->top++, &error);
  L->status = THREAD_DEAD; /* as lua_status tells it */
  L->failed = true;
  L->failed_status = STATUS_ERROR;
  profiler_leave(vm);
  if (vm->panic != NULL) vm->panic(thread_state(L));
  abort();
}

/* The current thread ends by the error on its top, which goes to the one that waits for it. Its frames stay for a
   traceback. */
static void end_by_error(VM *vm, int status) {
  Thread *L = vm->current, *resumer = L->resumer;
  Value error = L->top[-1];
  L->status = THREAD_DEAD;
  if (!status_is_final(status)) {
    L->failed = true;
    L->failed_status = (uint8_t)status;
  }
  end_thread(vm, resumer, L);
  resumer->status = THREAD_RUNNING;
  top_above_frame(resumer);
  push_value(resumer, &error);
}

/* The run of this handler is over, as nothing in it catches the error on the current thread's top. */
static void leave_run(VM *vm, const Handler *h, int status) {
  Thread *L = h->thread;
  while (vm->current != L) end_by_error(vm, status); /* C code has called a function in a thread of its own */
  abort_frames(L, L->frames + h->frame);
  L->frame = L->frames + h->frame - 1;
  vm->handler = h->previous;
  vm->c_depth = h->c_depth;
  L->c_boundaries = h->c_boundaries;
  L->nesting = h->nesting;
  if (L->frame->kind == FRAME_RESUMING) L->frame->kind = FRAME_C;
}

static NORETURN void throw_to_handler(VM *vm, int status) {
  foreign_pause(vm);
  profiler_keep_chain(vm);
  while (vm->handler != NULL && !vm->handler->catches) leave_run(vm, vm->handler, status);
  Handler *h = vm->handler;
  if (UNLIKELY(h == NULL)) panic(vm);
  longjmp(h->jump, status);
}

/* The message handler of the innermost xpcall around the current frame, or NULL. */
static const Value *message_handler(Thread *L) {
  for (const Frame *f = L->frame; f >= L->frames; f--) {
    for (const Handler *h = L->vm->handler; h != NULL; h = h->previous) /* inside the frame that is below it */
      if (h->is_protected && !h->is_transparent && h->thread == L && h->frame == (size_t)(f - L->frames) + 1)
        return h->traced != 0 ? L->stack + h->traced : NULL;
    if (f->kind == FRAME_XPCALL) return &f->base[0];
    if (f->kind == FRAME_PCALL) return NULL;
    if (f->kind == FRAME_PCALLK) {
      for (const Waiting *w = L->waiting; w != NULL; w = w->below)
        if (w->frame == (size_t)(f - L->frames)) return w->handler != 0 ? L->stack + w->handler : NULL;
      return NULL;
    }
  }
  return NULL;
}

/* The thread that throws what is on the top of L: another one if C code works on a thread that does not run. */
static Thread *throwing_thread(Thread *L) {
  Thread *current = L->vm->current;
  if (LIKELY(L == current)) return L;
  top_above_frame(current);
  push_value(current, L->top - 1);
  L->top--;
  return current;
}

void error_throw(Thread *L) {
  L = throwing_thread(L);
  const Value *handler = message_handler(L);
  if (handler != NULL) {
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
  throw_to_handler(throwing_thread(L)->vm, status);
}

bool is_uncaught(const Thread *L) {
  const VM *vm = L->vm;
  int catchers = 0;
  for (const Handler *h = vm->handler; h != NULL; h = h->previous) catchers += h->is_protected;
  if (vm->tracer == NULL || catchers != 1) return false;
  for (; L != NULL; L = L->resumer)
    for (const Frame *f = L->frame; f > L->frames; f--) {
      if (f->kind == FRAME_PCALL || f->kind == FRAME_PCALLK || f->kind == FRAME_RESUME || f->kind == FRAME_RESUMING)
        return false;
      if (f->kind == FRAME_XPCALL && (f->base->tag != TAG_CFN || f->base->cfn->call != vm->tracer)) return false;
    }
  return true;
}

void error_memory(Thread *L) {
  if (L->vm->allocator->limit != SIZE_MAX && is_uncaught(L)) error_limit(L, INTERRUPT_MEMORY);
  L = L->vm->current;
  if (L->vm->gc->complete) {
    top_above_frame(L);
    push_str(L, L->vm->memory_message);
  }
  throw_to_handler(L->vm, STATUS_MEMORY);
}

void error_exit(Thread *L, int exit_status) {
  L->vm->exit_status = exit_status;
  error_throw_status(L, STATUS_EXIT);
}

/* Where a protected call's frame keeps the error that it caught: in place of the function that it called. */
static Value *caught_error(Thread *L, const Frame *f) {
  if (f->kind == FRAME_PCALLK) return L->stack + waiting_of(L, (size_t)(f - L->frames))->function;
  return f->kind == FRAME_XPCALL ? f->base + 1 : f->base;
}

/* The thread's frame is a protected call that has caught an error: closes variables above it and then leaves its two
   results on the top. Unless AFTER_DONE, a metamethod's frame is to run first. */
static enum After unwind_some(Thread *L) {
  ptrdiff_t level = caught_error(L, L->frame) + 1 - L->stack;
  Value error = L->stack[level - 1];
  L->top = L->stack + level;
  if (L->tbc_last != NULL && L->tbc_last >= L->top) L->top = L->tbc_last + 1;
  enum After after = variables_close_some(L, level, &error, CONTINUE_UNWIND, 0);
  if (after != AFTER_DONE) return after;
  if (L->frame->kind == FRAME_PCALLK) {
    L->top = L->stack + level;
    value_copy(L->top - 1, &error);
    stack_shrink(L);
    return AFTER_DONE;
  }
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
    for (const Thread *t = L; t != h->thread; t = t->resumer) vm->c_depth += 1 + t->resumer->nesting;
    Frame *ground = L == h->thread ? L->frames + h->frame : L->frames + 1;
    Frame *f = L->frame;
    if (status_is_final(status) && L != h->thread) { /* suspended coroutines stay as they are */
      end_by_error(vm, status);
      continue;
    }
    while (f >= ground && (status_is_final(status) || (f->kind != FRAME_PCALL && f->kind != FRAME_XPCALL &&
                                                       f->kind != FRAME_PCALLK)))
      f--;
    if (f >= ground) {
      L->c_boundaries = L == h->thread ? h->c_boundaries + !h->is_soft : 0;
      abort_frames(L, f + 1);
      hook_unwind(L, (size_t)(f - L->frames));
      L->frame = f;
      L->nesting = f->nesting;
      value_copy(caught_error(L, f), L->top - 1);
      if (f->kind == FRAME_PCALLK) L->waiting->status = status;
      enum After after = unwind_some(L);
      if (after != AFTER_DONE) return after;
      if (status == STATUS_MEMORY) memory_reclaim(L);
      int n = L->frame->kind == FRAME_PCALLK ? run_continuation(L, status) : 2;
      return call_return(L, L->top - n, n);
    }
    if (L == h->thread) { /* not caught in this run */
      leave_run(vm, h, status);
      throw_to_handler(vm, status);
    }
    Thread *resumer = L->resumer;
    if (resumer->frame->kind == FRAME_C) { /* C code has called a function in a thread of its own */
      end_by_error(vm, status);
      continue;
    }
    /* the coroutine dies; its frames stay for a traceback */
    Value error = L->top[-1];
    L->status = THREAD_DEAD;
    L->failed = true;
    L->failed_status = (uint8_t)status;
    end_thread(vm, resumer, L);
    vm->c_depth -= 1 + resumer->nesting;
    resumer->status = THREAD_RUNNING;
    f = resumer->frame;
    if (f->kind == FRAME_RESUMING) { /* the error value stays where it is */
      vm->resumed_status = status;
      return AFTER_LEAVE;
    }
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
    if (status == STATUS_MEMORY) error_throw_status(resumer, status);
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

static NOINLINE Value *grow_above(Thread *L, Value *f, size_t n) {
  ptrdiff_t offset = f - L->stack;
  stack_grow(L, n);
  return L->stack + offset;
}

/* The function at `f` and its named arguments move above the extra ones, by so many slots. */
static NOINLINE void move_above_extra(Value *f, uint32_t shift, int parameters) {
  value_copy(f + shift, f);
  for (int i = 1; i <= parameters; i++) {
    value_copy(f + shift + i, f + i);
    set_nil(f + i);
  }
}

ALWAYS_INLINE void push_lua_frame(Thread *L, Value *f, int arguments, int results, uint16_t flags) {
  Proto *p = f->luafn->proto;
  size_t needed = p->slots + (p->is_vararg ? (size_t)p->parameters + 1 : 0);
  L->top = f + 1 + arguments;
  if (UNLIKELY(L->stack_limit - L->top < (ptrdiff_t)needed)) f = grow_above(L, f, needed);
  Frame *frame = next_frame(L);
  for (; UNLIKELY(arguments < p->parameters); arguments++) set_nil(f + 1 + arguments);
  Value *base = f + 1;
  frame->shift = 0;
  if (UNLIKELY(p->is_vararg)) {
    frame->shift = (uint32_t)arguments + 1;
    move_above_extra(f, frame->shift, p->parameters);
    base += frame->shift;
    flags |= FRAME_VARARG;
  }
  frame->base = base;
  frame->pc = p->code;
  frame->results = (int16_t)results;
  frame->kind = FRAME_LUA;
  frame->flags = flags;
  set_continuation(L, frame);
  frame_begin(L, frame);
  if (UNLIKELY(L->vm->mode != MODE_OFF)) {
    p->entries++;
    profiler_note_depth(L->vm->profiler, L, base + p->parameters, NULL);
  }
  if (UNLIKELY(L->hook_mask != 0)) hook_call(L, flags & FRAME_TAIL, p->parameters);
}

ALWAYS_INLINE Frame *push_c_frame(Thread *L, Value *f, int arguments, int results, uint8_t kind, uint16_t flags) {
  L->top = f + 1 + arguments;
  if (UNLIKELY(L->stack_limit - L->top < MIN_C_SLOTS)) f = grow_above(L, f, MIN_C_SLOTS);
  Frame *frame = next_frame(L);
  frame->base = f + 1;
  frame->cfn = f->cfn;
  frame->shift = 0;
  frame->results = (int16_t)results;
  frame->kind = kind;
  frame->flags = flags;
  set_continuation(L, frame);
  frame->nesting = L->nesting;
  frame_begin(L, frame);
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
  uint64_t begun = profiler_builtin_begin(vm->profiler);
  int n = function->call(L, f + 1, arguments);
  profiler_builtin_end(vm->profiler, function, begun);
  return n;
}

/* Copies values between threads onto the top of `to`, or to `at`. */
static void move_values(Thread *to, ptrdiff_t at, const Value *from, int n) {
  to->top = to->stack + at;
  stack_reserve(to, (size_t)n + 1);
  for (int i = 0; i < n; i++) value_copy(to->top++, &from[i]);
  if (UNLIKELY(to->vm->mode != MODE_OFF)) profiler_note_depth(to->vm->profiler, to, to->top, NULL);
}

/* Whether the library function in which the thread waits was called by an instruction that takes its results plainly. */
static inline bool returns_plainly(const Thread *L) {
  const Frame *f = L->frame;
  return f->flags == 0 && f[-1].kind == FRAME_LUA && !(f[-1].flags & FRAME_TAILING) && L->hook_mask == 0;
}

/* Puts n values, which stand in another thread, where that call's results belong, after a true if it is to say that all
   went well: the frame can go. */
ALWAYS_INLINE void place_plainly(Thread *L, bool with_status, const Value *from, int n) {
  const Frame *f = L->frame;
  Value *to = f->base - 1;
  L->top = to + with_status;
  if (UNLIKELY(L->stack_limit - L->top <= n)) to = grow_above(L, to, (size_t)n + 1);
  if (with_status) set_bool(to++, true);
  int wanted = f->results == MULTIPLE_RESULTS ? n : f->results - with_status;
  for (int i = 0; i < n && i < wanted; i++) value_copy(to + i, from + i);
  for (int i = n; i < wanted; i++) set_nil(to + i);
  L->top = to + n;
  if (UNLIKELY(L->vm->mode != MODE_OFF)) {
    profiler_note_depth(L->vm->profiler, L, L->top, NULL);
    if (f->flags & FRAME_PEAK) profiler_keep_chain(L->vm);
  }
}

/* The current thread hands over to the one that waits for it. */
static void go_back(VM *vm, Thread *resumer) {
  end_thread(vm, resumer, vm->current);
  vm->c_depth -= 1 + resumer->nesting;
  resumer->status = THREAD_RUNNING;
}

/* Hands n values to the frame of coroutine.resume or wrap that waits in `resumer`. */
static enum After deliver_to_resumer(Thread *resumer, const Value *from, int n) {
  VM *vm = resumer->vm;
  const Frame *f = resumer->frame;
  if (UNLIKELY(f->kind == FRAME_RESUMING)) { /* the values stay where they are, on the top */
    vm->resumed_count = n;
    go_back(vm, resumer);
    return AFTER_LEAVE;
  }
  bool with_status = f->kind == FRAME_RESUME, is_plain = returns_plainly(resumer);
  ptrdiff_t result = f->base - 1 - resumer->stack;
  if (LIKELY(is_plain)) {
    place_plainly(resumer, with_status, from, n);
  } else {
    move_values(resumer, result + with_status, from, n);
    if (with_status) set_bool(resumer->stack + result, true);
  }
  f = vm->current->frame; /* of a C function, which keeps on its stack what it does not hand over? */
  if (f->kind == FRAME_YIELDK || (f->kind == FRAME_YIELD && f->cfn->foreign != NULL)) vm->current->top -= n;
  go_back(vm, resumer);
  if (UNLIKELY(!is_plain)) return call_return(resumer, resumer->stack + result, n + with_status);
  frame_begin(resumer, resumer->frame - 1);
  return AFTER_RUN;
}

static enum After go_on_with(Thread *thread, int n);

static enum After resume_failed(Thread *L, const char *message) {
  Frame *f = L->frame;
  if (f->kind == FRAME_WRAP) {
    error_library(L, message);
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
  if (!thread->started && thread->top <= thread->stack + 1) return resume_failed(L, "cannot resume dead coroutine");
  if (depth(L) + 1 >= MAX_C_DEPTH) return resume_failed(L, "C stack overflow");
  vm->c_depth += 1 + L->nesting;
  thread->status = THREAD_RUNNING;
  L->status = THREAD_NORMAL;
  begin_thread(vm, L, thread);
  if (LIKELY(thread->frame->kind == FRAME_YIELD && returns_plainly(thread))) {
    place_plainly(thread, false, from, n);
    frame_begin(thread, thread->frame - 1);
    return AFTER_RUN;
  }
  bool is_whole = !thread->started || thread->frame->kind == FRAME_YIELDK || thread->frame->kind == FRAME_LUA;
  move_values(thread, (is_whole ? thread->top : thread->frame->base - 1) - thread->stack, from, n);
  return go_on_with(thread, n);
}

/* A thread that is the current one goes on with the n values on its top. */
static enum After go_on_with(Thread *thread, int n) {
  if (!thread->started) {
    thread->started = true;
    return call_begin(thread, thread->top - n - 1, n, MULTIPLE_RESULTS, FRAME_BOTTOM);
  }
  if (thread->frame->kind == FRAME_LUA) { /* a hook has suspended it */
    thread->top = thread->stack + thread->hook_top;
    thread->frame->pc--; /* the instruction begins again */
    return AFTER_RUN;
  }
  if (thread->frame->kind == FRAME_YIELDK) n = run_continuation(thread, STATUS_SWITCH);
  return call_return(thread, thread->top - n, n);
}

/* The thread hands over n values, which stand at `from`, and is suspended. Throws where the interpreter runs were begun
   inside it that go with it, or from a C function. */
static enum After hand_over(Thread *L, ptrdiff_t from, int n, bool is_from_c) {
  VM *vm = L->vm;
  Handler *h = vm->handler;
  foreign_pause(vm);
  profiler_keep_chain(vm);
  L->status = THREAD_SUSPENDED;
  if (h->thread != L && !is_from_c) return deliver_to_resumer(L->resumer, L->stack + from, n);
  for (; h->thread == L; h = h->previous) {
    Frame *callee = L->frames + h->frame;
    callee->flags = (uint16_t)((callee->flags & ~FRAME_FRESH) | FRAME_HANDOFF);
    for (const Waiting *w = L->waiting; w != NULL; w = w->below)
      if (w->frame == h->frame - 1) callee[-1].kind = w->is_protected ? FRAME_PCALLK : FRAME_CALLK;
    vm->c_depth = h->c_depth;
  }
  vm->handler = h;
  vm->switch_from = from;
  vm->switch_count = n;
  longjmp(h->jump, STATUS_SWITCH);
}

static enum After switch_thread(VM *vm) {
  Thread *L = vm->current;
  return deliver_to_resumer(L->resumer, L->stack + vm->switch_from, vm->switch_count);
}

static void check_yieldable(Thread *L) {
  if (L == L->vm->main || L->resumer == NULL) error_runtime(L, "attempt to yield from outside a coroutine");
  if (L->c_boundaries > 0) error_runtime(L, "attempt to yield across a C-call boundary");
}

bool thread_is_yieldable(const Thread *L) { return L != L->vm->main && L->c_boundaries == 0; }

void foreign_yield(Thread *L, int n, ForeignContinuation continuation, intptr_t context) {
  check_yieldable(L);
  if (L->frame->kind == FRAME_LUA) { /* in a hook */
    if (n > 0) error_runtime(L, "hooks cannot yield values");
    L->hooked_frame = 0;
    L->hook_yielded = true;
  } else if (continuation != NULL) {
    waiting_new(L, continuation, context);
    L->frame->kind = FRAME_YIELDK;
  } else {
    L->frame->kind = FRAME_YIELD;
  }
  hand_over(L, L->top - n - L->stack, n, true);
  abort(); /* not reached */
}

static void nest(Thread *L) {
  L->nesting++;
  check_depth(L);
}

/* What the frame of a special function waits for; FRAME_C if with these arguments there is nothing special to do. */
static inline enum FrameKind waiting_kind(const Value *f, int arguments) {
  switch ((enum Special)f->cfn->special) {
    case SPECIAL_PCALL: return arguments >= 1 ? FRAME_PCALL : FRAME_C;
    case SPECIAL_XPCALL: return arguments >= 2 && is_function(f + 2) ? FRAME_XPCALL : FRAME_C;
    case SPECIAL_RESUME: return arguments >= 1 && f[1].tag == TAG_THREAD ? FRAME_RESUME : FRAME_C;
    case SPECIAL_WRAP: return FRAME_WRAP;
    case SPECIAL_YIELD: return FRAME_YIELD;
    default: return FRAME_C;
  }
}

/* The call waits until its run can be thrown to. */
static enum After wait_for_catcher(Handler *h, ptrdiff_t function, int arguments, int results, uint16_t flags) {
  h->is_waiting = true;
  h->waiting_function = function;
  h->waiting_arguments = arguments;
  h->waiting_results = results;
  h->waiting_flags = flags;
  return AFTER_LEAVE;
}

static enum After begin_special(Thread *L, Value *f, int arguments, int results, uint16_t flags) {
  Handler *h = L->vm->handler;
  const enum FrameKind kind = waiting_kind(f, arguments);
  if (UNLIKELY(!h->catches) && kind != FRAME_C && kind != FRAME_YIELD)
    return wait_for_catcher(h, f - L->stack, arguments, results, flags);
  Frame *frame = push_c_frame(L, f, arguments, results, (uint8_t)kind, flags);
  Value *args = frame->base;
  switch (kind) {
    case FRAME_YIELD: check_yieldable(L); return hand_over(L, args - L->stack, arguments, false);
    case FRAME_RESUME: return resume(L, args->thread, args + 1, arguments - 1);
    case FRAME_WRAP: return resume(L, args[-1].cfn->upvalues[0].thread, args, arguments);
    case FRAME_PCALL:
      nest(L);
      return call_begin(L, args, arguments - 1, MULTIPLE_RESULTS, FRAME_HANDOFF);
    case FRAME_XPCALL: { /* handler below, function above it */
      Value function = args[0];
      value_copy(&args[0], &args[1]);
      value_copy(&args[1], &function);
      nest(L);
      return call_begin(L, args + 1, arguments - 2, MULTIPLE_RESULTS, FRAME_HANDOFF);
    }
    default: break;
  }
  int n = run_c_function(L, args - 1, arguments);
  if (n >= 0) return call_return(L, L->top - n, n);
  L->frame->flags |= FRAME_TAILING;
  nest(L);
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

enum After call_begin(Thread *L, Value *f, int arguments, int results, uint16_t flags) {
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
    if (f->tag == TAG_LUAFN || (f->tag == TAG_CFN && (f->cfn->special == SPECIAL_YIELD || f->cfn->foreign != NULL))) {
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
      if (is_falsy(result) == (continuation == CONTINUE_JUMP_UNLESS)) f->flags |= FRAME_JUMPS;
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

/* As call_return, whatever the frame is and waits for it. */
static NOINLINE enum After return_to_any(Thread *L, Value *from, int n) {
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
      if (resumer->frame->kind == FRAME_RESUMING) {
        for (int i = 0; i < n; i++) value_copy(L->stack + 1 + i, from + i);
        L->top = L->stack + 1 + n;
        return deliver_to_resumer(resumer, L->stack + 1, n);
      }
      enum After after = deliver_to_resumer(resumer, from, n);
      L->top = L->stack + 1;
      return after;
    }
    L->frame = f - 1;
    if (f->kind == FRAME_PCALL || f->kind == FRAME_XPCALL || (f->kind == FRAME_C && flags & FRAME_TAILING))
      L->nesting = f->nesting;
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
        n = L->frame->kind == FRAME_PCALLK ? run_continuation(L, L->waiting->status) : 2;
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
      case FRAME_CALLK:
      case FRAME_PCALLK:
        L->top = to + (wanted == MULTIPLE_RESULTS ? n : wanted);
        n = run_continuation(L, STATUS_SWITCH);
        from = L->top - n;
        break;
      default:
        if (!(f[-1].flags & FRAME_TAILING)) return AFTER_RUN;
        from = to;
        if (wanted != MULTIPLE_RESULTS) n = wanted;
        break;
    }
  }
}

/* Hands n values to whoever called the function at `to`; returns how many they have become. */
static inline int deliver(Value *to, int wanted, const Value *from, int n) {
  if (LIKELY(wanted == 1 && n > 0)) {
    value_copy(to, from);
    return 1;
  }
  if (wanted == MULTIPLE_RESULTS) wanted = n;
  for (int i = 0; i < n && i < wanted; i++) value_copy(to + i, from + i);
  for (int i = n; i < wanted; i++) set_nil(to + i);
  return wanted;
}

/* Whether nothing else is to be put right when the function of this frame returns. */
static inline bool is_simple(const Frame *f) {
  return f->kind == FRAME_LUA || (f->kind == FRAME_C && !(f->flags & FRAME_TAILING));
}

/* The simple frame's results go to a Lua frame that takes them plainly, or returns the same since it made a tail call. */
static NOINLINE enum After return_to_lua(Thread *L, const Frame *f, Value *from, int n) {
  bool is_tail = f[-1].flags & FRAME_TAILING;
  frame_begin(L, L->frame - 1);
  if (is_tail) return call_return(L, from, n);
  Value *to = f->base - 1;
  int wanted = f->results;
  int delivered = deliver(to, wanted, from, n);
  if (wanted == MULTIPLE_RESULTS) L->top = to + delivered;
  return AFTER_RUN;
}

enum After call_return(Thread *L, Value *from, int n) {
  const Frame *f = L->frame;
  uint16_t odd = f->flags & FRAME_ODD_RETURN;
  if (UNLIKELY(L->hook_mask != 0 || !is_simple(f))) return return_to_any(L, from, n);
  if (odd == FRAME_FRESH && f->results != MULTIPLE_RESULTS) {
    Value *to = f->base - 1;
    frame_begin(L, L->frame - 1);
    L->top = to + deliver(to, f->results, from, n);
    return AFTER_LEAVE;
  }
  if (odd == FRAME_CONTINUED && f->continuation <= CONTINUE_JUMP_UNLESS) {
    L->nesting--;
    frame_begin(L, L->frame - 1);
    return continue_instruction(L, f->continuation, f->operand, n > 0 ? from : &nil_value);
  }
  return odd == 0 && f[-1].kind == FRAME_LUA ? return_to_lua(L, f, from, n) : return_to_any(L, from, n);
}

static void interpret_here(VM *vm) {
  enum Mode mode = vm->mode;
  interpret(vm);
  if (UNLIKELY(vm->mode != mode)) vm_interrupt(vm, 0); /* for the loop that runs what called this */
}

static void begin_handler(Handler *h, Thread *L) {
  VM *vm = L->vm;
  h->previous = vm->handler;
  h->thread = L;
  h->frame = (size_t)(L->frame - L->frames) + 1;
  h->c_depth = vm->c_depth;
  h->c_boundaries = L->c_boundaries;
  h->nesting = L->nesting;
  h->catches = false;
  h->is_waiting = false;
  h->is_protected = false;
  h->is_transparent = false;
  h->is_soft = false;
  h->traced = 0;
  vm->handler = h;
}

/* The rest of a run, with a place to throw to: begins with the call that waits for it. */
static NOINLINE void run_catching(VM *vm, Handler *h) {
  h->catches = true;
  int status = setjmp(h->jump);
  enum After after;
  if (status == 0) {
    Thread *L = vm->current;
    after = call_begin(L, L->stack + h->waiting_function, h->waiting_arguments, h->waiting_results, h->waiting_flags);
  } else {
    after = status == STATUS_SWITCH ? switch_thread(vm) : recover(vm, h, status);
  }
  if (after == AFTER_RUN) interpret_here(vm);
}

/* A soft run catches from the start: it may be the one that an error in a protected call with a continuation goes to. */
ALWAYS_INLINE void run(Thread *L, Value *f, int arguments, int results, bool is_soft) {
  VM *vm = L->vm;
  Handler h;
  begin_handler(&h, L);
  h.is_soft = is_soft;
  vm->c_depth++;
  check_depth(L);
  const bool was_foreign = foreign_pause(vm);
  const Away away = profiler_go_away(vm);
  if (UNLIKELY(is_soft)) {
    wait_for_catcher(&h, f - L->stack, arguments, results, FRAME_FRESH);
  } else {
    L->c_boundaries++;
    if (LIKELY(f->tag == TAG_LUAFN)) {
      push_lua_frame(L, f, arguments, results, FRAME_FRESH);
      interpret_here(vm);
    } else if (call_begin(L, f, arguments, results, FRAME_FRESH) == AFTER_RUN) {
      interpret_here(vm);
    }
  }
  if (UNLIKELY(h.is_waiting)) run_catching(vm, &h);
  profiler_come_back(vm, &away);
  foreign_go_on(vm, was_foreign);
  vm->handler = h.previous;
  vm->c_depth = h.c_depth;
  L->c_boundaries = h.c_boundaries;
}

static NOINLINE void run_softly(Thread *L, Value *f, int arguments, int results) { run(L, f, arguments, results, true); }

/* C code calls a function in a thread that does not run. */
static NOINLINE void call_elsewhere(Thread *L, int arguments, int results) {
  VM *vm = L->vm;
  Thread *caller = vm->current, *resumer = L->resumer;
  uint8_t status = L->status;
  const bool was_foreign = foreign_pause(vm);
  begin_thread(vm, caller, L);
  L->status = THREAD_RUNNING;
  caller->status = THREAD_NORMAL;
  L->c_boundaries++;
  call_value(L, arguments, results);
  L->c_boundaries--;
  L->status = status;
  caller->status = THREAD_RUNNING;
  end_thread(vm, caller, L);
  L->resumer = resumer;
  foreign_go_on(vm, was_foreign);
}

static NOINLINE void call_c_function(Thread *L, Value *f, int arguments, int results) {
  VM *vm = L->vm;
  vm->c_depth++;
  check_depth(L);
  L->c_boundaries++;
  const bool was_foreign = foreign_pause(vm);
  const Away away = profiler_go_away(vm); /* its time is not that of the function which calls it */
  push_c_frame(L, f, arguments, results, FRAME_C, FRAME_FRESH);
  int n = run_c_function(L, L->frame->base - 1, arguments);
  call_return(L, L->top - n, n);
  profiler_come_back(vm, &away);
  foreign_go_on(vm, was_foreign);
  L->c_boundaries--;
  vm->c_depth--;
}

void call_value(Thread *L, int arguments, int results) {
  Value *f = L->top - arguments - 1;
  if (UNLIKELY(L != L->vm->current))
    call_elsewhere(L, arguments, results);
  else if (f->tag == TAG_CFN && f->cfn->special == SPECIAL_NONE)
    call_c_function(L, f, arguments, results);
  else
    run(L, f, arguments, results, false);
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
                         bool is_transparent, ptrdiff_t traced) {
  VM *vm = L->vm;
  Thread *const caller = vm->current; /* another one if C code works on a thread that does not run */
  Thread *const resumer = L->resumer;
  const uint8_t thread_status = L->status;
  const bool was_foreign = foreign_pause(vm);
  if (UNLIKELY(caller != L)) {
    begin_thread(vm, caller, L);
    L->status = THREAD_RUNNING;
    caller->status = THREAD_NORMAL;
    L->c_boundaries++;
  }
  const Away away = profiler_go_away(vm);
  Handler h;
  begin_handler(&h, L);
  h.catches = true;
  h.is_protected = true;
  h.is_transparent = is_transparent;
  h.traced = traced;
  volatile bool is_leaving = false; /* by os.exit that closes the state: pending variables of the main thread too */
  int status = setjmp(h.jump);
  if (status == STATUS_EXIT && L == vm->main && !vm->skips_finalizers) {
    is_leaving = true;
    h.traced = 0; /* what leaves has no message handler any more */
    vm->current = L;
  }
  if (status == 0) {
    body(L, context);
  } else { /* another error while closing comes here again */
    profiler_come_back(vm, &away);
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
  if (UNLIKELY(caller != L)) {
    L->c_boundaries--;
    L->status = thread_status;
    caller->status = THREAD_RUNNING;
    end_thread(vm, caller, L);
    L->resumer = resumer;
  }
  foreign_go_on(vm, was_foreign);
  return status;
}

int call_protected(Thread *L, int arguments, int results) {
  ProtectedCall call = {arguments, results};
  return run_protected(L, protected_call_body, &call, L->top - arguments - 1 - L->stack, false, 0);
}

int foreign_pcall(Thread *L, int arguments, int results, ptrdiff_t handler, ForeignContinuation continuation,
                  intptr_t context) {
  ProtectedCall call = {arguments, results};
  ptrdiff_t function = L->top - arguments - 1 - L->stack;
  bool is_soft = continuation != NULL && L == L->vm->current && L->resumer != NULL && thread_is_yieldable(L);
  if (is_soft) {
    Waiting *w = waiting_new(L, continuation, context);
    w->function = function;
    w->handler = handler;
    w->is_protected = true;
    L->frame->kind = FRAME_PCALLK; /* an error goes to whoever runs the thread, which calls the continuation */
    run_softly(L, L->top - arguments - 1, arguments, results);
    L->frame->kind = FRAME_C;
    return STATUS_OK;
  }
  return run_protected(L, protected_call_body, &call, function, false, handler);
}

void foreign_call_value(Thread *L, int arguments, int results, ForeignContinuation continuation, intptr_t context) {
  if (continuation == NULL || L != L->vm->current || L->resumer == NULL || !thread_is_yieldable(L)) {
    call_value(L, arguments, results);
    return;
  }
  waiting_new(L, continuation, context);
  run_softly(L, L->top - arguments - 1, arguments, results);
}

/* The n values on the top of `thread` are its function and arguments, or what its yield returns. */
int foreign_resume(Thread *L, Thread *thread, int n, int *count) {
  VM *vm = L->vm;
  const bool was_foreign = foreign_pause(vm);
  const Away away = profiler_go_away(vm);
  const uint8_t kind = L->frame->kind;
  Handler h;
  begin_handler(&h, L);
  h.catches = true;
  vm->c_depth++;
  L->c_boundaries++;
  L->frame->kind = FRAME_RESUMING;
  vm->resumed_status = STATUS_OK;
  int status = setjmp(h.jump);
  enum After after;
  if (status == 0) {
    vm->c_depth += 1 + L->nesting;
    thread->status = THREAD_RUNNING;
    L->status = THREAD_NORMAL;
    begin_thread(vm, L, thread);
    after = go_on_with(thread, n);
  } else {
    after = status == STATUS_SWITCH ? switch_thread(vm) : recover(vm, &h, status);
  }
  if (after == AFTER_RUN) interpret_here(vm);
  L->frame->kind = kind;
  profiler_come_back(vm, &away);
  foreign_go_on(vm, was_foreign);
  vm->handler = h.previous;
  vm->c_depth = h.c_depth;
  L->c_boundaries = h.c_boundaries;
  *count = vm->resumed_count;
  return vm->resumed_status;
}

int call_protected_body(Thread *L, void (*body)(Thread *L, void *context), void *context) {
  return run_protected(L, body, context, L->top - L->stack, false, 0);
}

int call_transparent_body(Thread *L, void (*body)(Thread *L, void *context), void *context) {
  return run_protected(L, body, context, L->top - L->stack, true, 0);
}

int call_traced(Thread *L, int arguments, int results, CFunction handler) {
  stack_reserve(L, 4);
  CFn *f = push_function(L, handler, "error handler", 0);
  Value *function = L->top - arguments - 2;
  for (Value *v = L->top - 2; v >= function; v--) value_copy(v + 2, v);
  L->top++;
  for (int i = 0; i < 2; i++) {
    set_object(&function[i], f, TAG_CFN);
  }
  ptrdiff_t level = function - L->stack; /* two slots for the handler: the frame's function and its base */
  Frame *frame = next_frame(L); /* as xpcall has it; it stays while an error closes variables, whose errors it sees too */
  memset(frame, 0, sizeof *frame);
  frame->kind = FRAME_XPCALL;
  frame->base = function + 1;
  frame_begin(L, frame);
  ProtectedCall call = {arguments, results};
  CFunction outer = L->vm->tracer;
  L->vm->tracer = handler;
  int status = run_protected(L, protected_call_body, &call, level, false, level);
  L->vm->tracer = outer;
  L->frame--;
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
  if (to->tag == TAG_CFN && to->cfn->foreign != NULL) { /* it may yield */
    nest(L);
    L->next_continuation = (uint8_t)continuation;
    L->next_operand = operand;
    call_begin(L, to, arguments, 1, FRAME_CONTINUED);
    return true;
  }
  ptrdiff_t caller = L->frame - L->frames;
  ptrdiff_t offset = to - L->stack;
  call_value(L, arguments, 1);
  L->frame = L->frames + caller;
  Value result = L->stack[offset];
  continue_instruction(L, (uint8_t)continuation, operand, &result);
  return L->frame->flags & FRAME_JUMPS || L->frame != L->frames + caller;
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
  int status = !thread->failed ? STATUS_OK : thread->failed_status == STATUS_MEMORY ? STATUS_MEMORY : STATUS_ERROR;
  VM *vm = L->vm;
  const bool was_foreign = foreign_pause(vm);
  abort_frames(thread, thread->frames);
  thread->frame = thread->frames;
  thread->status = THREAD_RUNNING;
  begin_thread(vm, L, thread); /* which keeps L reachable meanwhile */
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
  end_thread(vm, L, thread);
  thread->status = THREAD_DEAD;
  thread->failed = false;
  thread->top = thread->stack + 1;
  if (status != STATUS_OK) value_copy(thread->top++, &close.error);
  if (status_is_final(status)) {
    value_copy(L->top++, &close.error);
    error_throw_status(L, status);
  }
  foreign_go_on(vm, was_foreign);
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
  Table *registry = table_new(L, 2, 8);
  set_table(&vm->registry, registry);
  vm->globals = table_new(L, 0, 64);
  vm->loaded = table_new(L, 0, 16);
  Value v; /* what C code expects to find there */
  set_object(&v, L, TAG_THREAD);
  table_set_int(L, registry, REGISTRY_MAIN, &v);
  set_table(&v, vm->globals);
  table_set_int(L, registry, REGISTRY_GLOBALS, &v);
  set_table(&v, vm->loaded);
  table_set_str(L, registry, str_from(L, "_LOADED"), &v);
  vm->gc->stopped = false;
  vm->gc->complete = true;
}

VM *vm_new(void) { return vm_new_in(NULL, NULL); }

VM *vm_new_in(HostAllocate allocate, void *context) {
  Allocator *allocator = allocator_new(allocate, context);
  if (allocator == NULL) return NULL;
  VM *vm = memory_first(allocator, sizeof *vm);
  GC *gc = gc_new(allocator);
  Thread *L = memory_first(allocator, sizeof *L);
  if (vm == NULL || gc == NULL || L == NULL) {
    if (vm != NULL) memory_last(allocator, vm, sizeof *vm);
    if (gc != NULL) memory_last(allocator, gc, sizeof *gc);
    if (L != NULL) memory_last(allocator, L, sizeof *L);
    allocator_delete(allocator);
    return NULL;
  }
  vm->allocator = allocator;
  vm->gc = gc;
  vm->c_depth = 1; /* the reference implementation's programs are called by a function of its own */
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
  h.catches = true;
  h.is_protected = true;
  vm->handler = &h;
  if (setjmp(h.jump) != 0) {
    vm_free(vm);
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

/* The reference's programs are called by a function of its own: a hook sees it return. */
static void end_main_function(Thread *L, void *context) {
  (void)context;
  CFn *main = push_function(L, NULL, "main", 0);
  push_c_frame(L, L->top - 1, 0, 0, FRAME_C, 0);
  main->calls = 0; /* not in a profile */
  hook_return(L, L->top, 0);
}

/* Whether an error in the hook has made the program a failed one. */
static bool report_last_return(Thread *L) {
  L->hook_mask &= (uint8_t)~HOOK_CALL; /* of that function nobody saw the call */
  profiler_enter(L->vm);
  int status = call_protected_body(L, end_main_function, NULL);
  profiler_leave(L->vm);
  if (status != STATUS_ERROR) return false;
  fprintf(stderr, "perilune: %s\n", value_tostring(L, L->top - 1)->text);
  L->vm->exit_status = 1;
  return true;
}

bool vm_finish(VM *vm) {
  Thread *L = vm->main;
  vm->current = L;
  L->frame = L->frames;
  L->top = L->stack + 1;
  bool exits = false;
  if (UNLIKELY(L->hook_mask & HOOK_RETURN) && !vm->skips_finalizers) {
    exits = report_last_return(L);
    L->frame = L->frames;
    L->top = L->stack + 1;
  }
  profiler_end_program(vm);
  profiler_enter(vm);
  atomic_store(&vm->interrupt, 0); /* what ended the program gives the finalizers their turn */
  if (vm->instruction_limit > 0) {
    if (!vm->instructions_limited || vm->instructions_left < FINALIZER_INSTRUCTIONS)
      vm->instructions_left = FINALIZER_INSTRUCTIONS;
    vm->instructions_limited = true;
  }
  int status = STATUS_EXIT; /* os.exit in a finalizer that asks for it lets the others run */
  while (status == STATUS_EXIT && !vm->skips_finalizers) {
    status = call_protected_body(L, finalize_body, NULL);
    exits |= status == STATUS_EXIT;
  }
  vm->skips_finalizers = true;
  profiler_leave(vm);
  return exits;
}

void vm_delete(VM *vm) {
  vm_finish(vm);
  profiler_delete(vm);
  vm_free(vm);
}
