/* Calling, throwing, threads and stacks. Only call.c calls setjmp. */
#ifndef PERILUNE_CALL_H
#define PERILUNE_CALL_H

#include "vm.h"

/* Calls the function at L->top - arguments - 1 with the arguments above it; the results replace both. May run any Lua
   code, the collector, and move the stack: pointers into the stack are stale afterwards (see thread_args). */
void call_value(Thread *L, int arguments, int results);

/* Calls as above, catching errors: the error value then replaces function and arguments and the status is returned. */
int call_protected(Thread *L, int arguments, int results);

/* Runs body(L, context), catching errors; on failure the error value stands at the old top. */
int call_protected_body(Thread *L, void (*body)(Thread *L, void *context), void *context);

/* Throws the value at L->top - 1. */
NORETURN void error_throw(Thread *L);
NORETURN void error_throw_status(Thread *L, int status);
NORETURN void error_memory(Thread *L);
/* Stops the program: Lua code cannot catch it. */
NORETURN void error_exit(Thread *L, int exit_status);

/* Makes room for n more slots above L->top; may move the stack. */
void stack_reserve(Thread *L, int n);
void stack_grow(Thread *L, size_t needed);
void frames_grow(Thread *L);

/* The running C function's arguments, to be read again after anything that may move the stack. */
static inline Value *thread_args(Thread *L) { return L->frame->base; }

Thread *thread_new(Thread *L);
void thread_free(VM *vm, Thread *thread);

/* coroutine.close: closes pending variables; returns the status, the error value (if any) is on thread's stack top. */
int thread_close(Thread *L, Thread *thread);

/* Resumes `thread` from C code with the values on L's top as arguments; what it yields or returns, or the error value,
   replaces them. Returns the status. */
int coroutine_resume_from_c(Thread *L, Thread *thread, int arguments);

/* Closes upvalues from `level` up (moves the variables into the upvalues). */
void upvalues_close(Thread *L, Value *level);
UpVal *upvalue_find(Thread *L, Value *slot);
/* Calls the __close metamethods of variables marked from `level` up, last first, with `error` (or nil); then closes
   upvalues. May move the stack: pass and keep offsets. */
void variables_close(Thread *L, ptrdiff_t level_offset, const Value *error);
void variable_mark_tbc(Thread *L, Value *slot);

/* Another thread or a signal handler asks the interpreter to look up: takes effect at the next instruction. */
enum { INTERRUPT_STOP = 1, INTERRUPT_TIMEOUT = 2, INTERRUPT_CALLBACK = 4 };
void vm_interrupt(VM *vm, int reasons);
void vm_handle_interrupt(Thread *L); /* called by the interpreter with the pc saved; may throw */

VM *vm_new(void);
void vm_delete(VM *vm);

#endif
