/* Events for debug.sethook, and the limit on instructions: what the dispatch loop compiled for them calls. */
#ifndef PERILUNE_HOOKS_H
#define PERILUNE_HOOKS_H

#include "objects/vm.h"

enum { HOOK_CALL = 1, HOOK_RETURN = 2, HOOK_LINE = 4, HOOK_COUNT = 8 };

/* Their numbers in lua.h. */
enum HookEvent { EVENT_CALL, EVENT_RETURN, EVENT_LINE, EVENT_COUNT, EVENT_TAIL_CALL };

/* Sets a thread's events; `every` counts for HOOK_COUNT. The function to call stands in hook_table. */
void hook_set(Thread *of, uint8_t mask, int every);
/* The registry's table from threads to their hook functions; its keys are weak. */
Table *hook_table(Thread *L);

/* Before every instruction: limits, count and line events. The frame's pc is behind the instruction's first word. */
void hook_instruction(Thread *L);
/* The thread's frame has been pushed, with `arguments` as its first local variables. */
void hook_call(Thread *L, bool is_tail_call, int arguments);
/* The thread's frame is about to return n values at `from`; returns where they are afterwards. */
Value *hook_return(Thread *L, Value *from, int n);
/* Frames from index `frame` up are gone: an event that one of them handled is over. */
static inline void hook_unwind(Thread *L, size_t frame) {
  if (L->hooked_frame >= frame) L->hooked_frame = 0;
}

#endif
