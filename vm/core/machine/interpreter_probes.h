/* The probes of the dispatch loop, defined anew for every loop from the macros that say what the loop is to record (see
   interpreter_loop.h). A probe that a loop does not have is nothing at all. */
#undef LOAD_COUNTS
#undef TAKEN
#undef TAKEN_AT
#undef ENTERED
#undef NOTE_DEPTH
#undef DEPTH
#undef PARAMETERS_DEPTH
#undef STACK_ROOM
#undef FIT_LOOP
#undef RETURNED_TO
#undef CALLED_INTO
#undef CHANGE_LOOP
#undef LOAD_PEAK
#undef CALLED
#undef RUNNING
#undef SAVE_PC
#undef PROBE
#undef EVERY
#undef WATCH

#if COUNT_EDGES
#define LOAD_COUNTS() (taken = cl->proto->taken)
/* The counter of the word at `at`: twice as far from its array's start as the word from its. */
#define TAKEN_AT(at)                                                 \
  do {                                                               \
    if (COUNTING) ++*(uint64_t *)(taken + 2 * (uintptr_t)(at));      \
  } while (0)
#define TAKEN() TAKEN_AT(pc) /* of a two-word instruction: its second word's */
#define ENTERED(p)                   \
  do {                               \
    if (COUNTING) (p)->entries++;    \
  } while (0)
#define CALLED(f) ((f)->calls++)
/* The highest slot in use; `end` is one past it.

   Most functions run below the peak: where all the slots that a function may use do not reach it, nothing needs to be
   compared. So the loops of count and sample mode exist twice, with and without the comparison at every write. For the
   one below the peak the stack ends there, in L->room: what does not fit is called the long way, which goes over to the
   comparing loop. A function that is come back to fits if it, or one below it, was found to. The comparing loop looks
   only now and then whether it is still needed, as going over takes its time. */
#define CHANGE_LOOP(compares)        \
  do {                               \
    vm->compares_depth = (compares); \
    ci->pc = pc;                     \
    L->frame = ci;                   \
    return true;                     \
  } while (0)
#if BELOW_PEAK
#define NOTE_DEPTH(end)                                                                \
  do {                                                                                 \
    if (UNLIKELY((end) > L->room)) profiler_note_depth(profiler, L, (end), pc);        \
  } while (0)
#define LOAD_PEAK() ((void)0)
#define STACK_ROOM L->room
#define DEPTH(end) ((void)0)
#define PARAMETERS_DEPTH(end) ((void)0)
#define FIT_LOOP()                                                                     \
  do {                                                                                 \
    Value *peak = L->stack + profiler->peak_depth;                                     \
    if (base + cl->proto->slots > peak) CHANGE_LOOP(true);                             \
    L->room = peak < L->stack_limit ? peak : L->stack_limit;                           \
    L->fitting = ci;                                                                   \
  } while (0)
#define RETURNED_TO()                       \
  do {                                      \
    if (UNLIKELY(ci < L->fitting)) FIT_LOOP(); \
  } while (0)
#define CALLED_INTO() ((void)0)
#else
#define NOTE_DEPTH(end)                                  \
  do {                                                   \
    if (COUNTING && UNLIKELY((end) > peak)) {            \
      profiler_note_depth(profiler, L, (end), pc);       \
      LOAD_PEAK();                                       \
    }                                                    \
  } while (0)
#define LOAD_PEAK()                                                          \
  do {                                                                       \
    if (!HOOKED || profiler != NULL) peak = L->stack + profiler->peak_depth; \
  } while (0)
#define STACK_ROOM L->stack_limit
#define DEPTH(end) NOTE_DEPTH(end)
#define PARAMETERS_DEPTH(end)                   \
  do {                                          \
    if (COUNTING && UNLIKELY((end) > peak)) {   \
      ci->pc = pc;                              \
      frame_begin(L, ci); /* it is the one with the peak */ \
      NOTE_DEPTH(end);                          \
    }                                           \
  } while (0)
#define FIT_LOOP()                                             \
  do {                                                         \
    if (HAS_OTHER_LOOP && UNLIKELY(--patience == 0)) {         \
      patience = PATIENCE;                                     \
      if (base + cl->proto->slots <= peak) CHANGE_LOOP(false); \
    }                                                          \
  } while (0)
#define RETURNED_TO() FIT_LOOP()
#define CALLED_INTO() FIT_LOOP()
#endif
#else
#define LOAD_COUNTS() ((void)0)
#define TAKEN() ((void)0)
#define TAKEN_AT(at) ((void)0)
#define ENTERED(p) ((void)0)
#define CALLED(f) ((void)0)
#define NOTE_DEPTH(end) ((void)0)
#define LOAD_PEAK() ((void)0)
#define STACK_ROOM L->stack_limit
#define DEPTH(end) ((void)0)
#define PARAMETERS_DEPTH(end) ((void)0)
#define FIT_LOOP() ((void)0)
#define RETURNED_TO() ((void)0)
#define CALLED_INTO() ((void)0)
#endif

/* RUNNING: an instruction of one word or two has been fetched; SAVE_PC: one of one word runs something else. */
#if SAMPLE
#define RUNNING() (*(const uint32_t *volatile *)&ci->pc = pc)
#define SAVE_PC() ((void)0)
#else
#define RUNNING() ((void)0)
#define SAVE_PC() (ci->pc = pc)
#endif

#if TRACE
#define PROBE()                                                                           \
  do {                                                                                    \
    if (HOOKED && vm->mode != MODE_TRACE) break;                                          \
    uint64_t now = profiler_stamp();                                                      \
    *profiler->last_ticks += now - profiler->last_stamp;                                  \
    profiler->last_ticks = &cl->proto->counts->ticks[pc - 1 - cl->proto->code];           \
    profiler->last_stamp = now;                                                           \
  } while (0)
#else
#define PROBE() ((void)0)
#endif

#if COUNT_EVERY
#define EVERY(n)                                                                                           \
  do {                                                                                                     \
    if (!HOOKED || vm->mode == MODE_ORACLE) cl->proto->counts->every[pc - 1 - cl->proto->code] += (uint64_t)(n); \
  } while (0)
#else
#define EVERY(n) ((void)0)
#endif

#if HOOKED
#define WATCH()                                         \
  do {                                                  \
    if (L->hook_mask != 0 || vm->instructions_limited) { \
      ci->pc = pc;                                      \
      hook_instruction(L);                              \
      ci = L->frame;                                    \
      base = ci->base;                                  \
      LOAD_PEAK();                                      \
    }                                                   \
  } while (0)
#else
#define WATCH() ((void)0)
#endif
