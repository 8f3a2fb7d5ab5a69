/* How a running program is stopped from outside, and how it ends when it has run into a limit. */
#ifndef PERILUNE_INTERRUPT_H
#define PERILUNE_INTERRUPT_H

#include "objects/vm.h"

void vm_handle_interrupt(Thread *L); /* called by the interpreter with the pc saved; may throw */
/* For C functions that loop for long without calling anything. */
static inline void interrupt_check(Thread *L) {
  if (UNLIKELY(atomic_load_explicit(&L->vm->interrupt, memory_order_relaxed))) vm_handle_interrupt(L);
}

/* Stops the program for one of the reasons above, INTERRUPT_TIMEOUT or higher. Lua code cannot catch it, and to-be-closed
   variables are not closed; call_traced's handler makes the error value. */
NORETURN void error_limit(Thread *L, int reason);
/* Which limit, in words, as messages have it. */
enum { LIMIT_TEXT = 80 };
void limit_text(const VM *vm, int reason, char out[LIMIT_TEXT]);

#endif
