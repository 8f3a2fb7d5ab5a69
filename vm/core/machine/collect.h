/* When garbage is collected, and the calls of finalizers.

   The collector runs only at safe points: after an allocating instruction and after a C function returned, and where gc_check is
   called. Inside a C
   function nothing is collected unless the function calls Lua code, so a fresh object needs an anchor on the stack only
   across such calls. */
#ifndef PERILUNE_COLLECT_H
#define PERILUNE_COLLECT_H

#include "memory/gc.h"

void gc_step(Thread *L); /* when gc->debt is positive */
void gc_full(Thread *L);
bool gc_step_by(Thread *L, int kilobytes); /* collectgarbage("step", n): true when a cycle ended */
void gc_finalize_all(Thread *L);           /* calls all finalizers, before the end */

static inline void gc_check(Thread *L) {
  if (UNLIKELY(L->vm->gc->debt > 0)) gc_step(L);
}

#endif
