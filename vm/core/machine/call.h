/* Calling, throwing, threads and stacks. Only call.c calls setjmp. */
#ifndef PERILUNE_CALL_H
#define PERILUNE_CALL_H

#include "objects/error.h"
#include "objects/vm.h"

/* Calls the function at L->top - arguments - 1 with the arguments above it; the results replace both. May run any Lua
   code, the collector, and move the stack: pointers into the stack are stale afterwards (see thread_args). */
void call_value(Thread *L, int arguments, int results);

/* Calls as above, catching errors: the error value then replaces function and arguments and the status is returned. */
int call_protected(Thread *L, int arguments, int results);

/* As call_protected, with a message handler: on an error it is called where the error happened, before anything unwinds,
   and what it returns is the error value. */
int call_traced(Thread *L, int arguments, int results, CFunction handler);

/* Runs body(L, context), catching errors; on failure the error value stands at the old top. */
int call_protected_body(Thread *L, void (*body)(Thread *L, void *context), void *context);

/* As call_protected_body, but the message handler of an xpcall around it sees the error, as it sees those of load's
   reader function. */
int call_transparent_body(Thread *L, void (*body)(Thread *L, void *context), void *context);

/* Stops the program: Lua code cannot catch it. */
NORETURN void error_exit(Thread *L, int exit_status);

/* Whether an error here would end the program: nothing between this place and call_traced catches it. */
bool is_uncaught(const Thread *L);

/* Makes room for n more slots above L->top; may move the stack. */
void stack_grow(Thread *L, size_t n);
static inline void stack_reserve(Thread *L, size_t n) {
  if (UNLIKELY(L->stack_limit - L->top < (ptrdiff_t)n)) stack_grow(L, n);
}
void frames_grow(Thread *L);
/* After an overflow has been handled the room for it must be there again. */
void stack_shrink(Thread *L);
/* After an error for want of memory: gives back what a deep recursion made the stacks grow to, and all garbage. The stack
   may move; finalizers run. */
void memory_reclaim(Thread *L);

/* Puts L->top above everything the running Lua frame uses, so that values can be pushed without harm. */
static inline void top_above_frame(Thread *L) {
  const Frame *f = L->frame;
  if (f->kind == FRAME_LUA) L->top = f->base + f->base[-1].luafn->proto->slots;
}

/* What to do when a call has begun or a function has returned. */
enum After {
  AFTER_DONE, /* nothing: what was asked for is complete */
  AFTER_RUN,  /* the current thread's frame is a Lua frame to run (on) */
  AFTER_LEAVE /* a frame entered from C has returned */
};

/* Begins the call of the value at `f` with the arguments behind it: pushes a Lua function's frame, or runs a C function
   and delivers its results. The current thread may be another one afterwards, the stack may have moved. */
enum After call_begin(Thread *L, Value *f, int arguments, int results, uint16_t flags);

/* Puts the __call metamethod of the value at `f` in front of it as often as needed; returns the function's place, which
   may be in another stack. */
Value *call_resolve(Thread *L, Value *f, int *arguments);

/* The current frame ends with n results at `from`: delivers them to whoever waits. */
enum After call_return(Thread *L, Value *from, int n);

/* Begins the call of a metamethod from an instruction; its result goes where `continuation` says. Returns true if the
   interpreter has a frame to run, false if the result has been delivered. */
bool call_metamethod(Thread *L, const Value *f, const Value *a, const Value *b, const Value *c,
                     enum Continuation continuation, uint8_t operand);

/* Goes on with a CONCAT instruction of the running frame whose operands up to slot `top` remain. As call_metamethod. */
bool concat_continue(Thread *L, uint32_t first, uint32_t top);

/* The running C function's arguments, to be read again after anything that may move the stack. */
static inline Value *thread_args(Thread *L) { return L->frame->base; }

Thread *thread_new(Thread *L);

/* coroutine.close: closes pending variables; returns the status, the error value (if any) is on thread's stack top. */
int thread_close(Thread *L, Thread *thread);

/* Calls the __close metamethods of variables marked from `level` up, last first, with `error` (or nil); then closes
   upvalues. May move the stack: pass and keep offsets. */
void variables_close(Thread *L, ptrdiff_t level_offset, const Value *error);
/* The same from the running Lua frame, without recursion: unless AFTER_DONE, a metamethod's frame is to run first, after
   which it goes on as `continuation` says. L->top must be above what is in use. */
enum After variables_close_some(Thread *L, ptrdiff_t level_offset, const Value *error, enum Continuation continuation,
                                uint8_t operand);
/* The same for a frame that is to return `pending` results from `slot` on. */
enum After return_close_some(Thread *L, uint8_t slot);
void variable_mark_tbc(Thread *L, Value *slot);

/* For C functions of the stock API. The first two call the value below the arguments: with a continuation what is called
   may yield, and then they do not return. `handler` is the slot of a message handler, counted from the stack's first, or
   0. */
void foreign_call_value(Thread *L, int arguments, int results, ForeignContinuation continuation, intptr_t context);
int foreign_pcall(Thread *L, int arguments, int results, ptrdiff_t handler, ForeignContinuation continuation,
                  intptr_t context);
NORETURN void foreign_yield(Thread *L, int n, ForeignContinuation continuation, intptr_t context);
/* The n values on the top of `thread`, which is suspended, are its function's arguments, or what its yield returns.
   Returns the STATUS_ of the error that it died by; else the *count values that it yields or returns are on its top. */
int foreign_resume(Thread *L, Thread *thread, int n, int *count);
bool thread_is_yieldable(const Thread *L);
/* Around C code of a module, and the other way round around what changes frames. The second returns whether the first is
   to follow. */
void foreign_begin(VM *vm);
void foreign_end(VM *vm);
static inline bool foreign_pause(VM *vm) {
  if (LIKELY(!vm->in_foreign)) return false;
  foreign_end(vm);
  return true;
}
static inline void foreign_go_on(VM *vm, bool was_paused) {
  if (UNLIKELY(was_paused)) foreign_begin(vm);
}
/* In capi/function.c. The current frame's C function goes on: with STATUS_SWITCH after a yield, or with the status of an
   error that it caught. Returns how many results it leaves on the top. */
int foreign_continue(Thread *L, ForeignContinuation continuation, int status, intptr_t context);

VM *vm_new(void);
/* A machine whose memory all comes from a host's function, which gets `context`. */
VM *vm_new_in(HostAllocate allocate, void *context);
/* Runs the finalizers of all that is left, which is Lua code: interrupts stop it. Nothing may run afterwards. */
/* Runs the finalizers, which a profile includes that has not been stopped. Whether one of them ended the process by
   os.exit, with the machine's exit_status. */
bool vm_finish(VM *vm);
void vm_delete(VM *vm); /* after vm_finish, or instead of it */

#endif
