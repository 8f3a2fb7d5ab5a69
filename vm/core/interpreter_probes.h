/* The probes of the dispatch loop, defined anew for every loop from the macros that say what the loop is to record (see
   interpreter_loop.h). A probe that a loop does not have is nothing at all. */
#undef LOAD_COUNTS
#undef TAKEN
#undef TAKEN_AT
#undef ENTERED
#undef NOTE_DEPTH
#undef DEPTH
#undef FIT_LOOP
#undef CHANGE_LOOP
#undef LOAD_PEAK
#undef CALLED
#undef RUNNING
#undef CALLEE_BEGINS
#undef BUILTIN_BEGINS
#undef BUILTIN_ENDS
#undef PROBE
#undef EVERY
#undef WATCH

#if COUNT_EDGES
#define LOAD_COUNTS()                                                                                    \
  do {                                                                                                   \
    if (!HOOKED || cl->proto->counts != NULL) /* counting may begin at any time */                       \
      taken = (uintptr_t)cl->proto->counts->taken - 2 * (uintptr_t)cl->proto->code;                      \
  } while (0)
/* The counter of the word at `at`: twice as far from its array's start as the word from its. */
#define TAKEN_AT(at)                                                 \
  do {                                                               \
    if (COUNTING) ++*(uint64_t *)(taken + 2 * (uintptr_t)(at));      \
  } while (0)
#define TAKEN() TAKEN_AT(pc) /* of a two-word instruction: its second word's */
#define ENTERED(p)                          \
  do {                                      \
    if (COUNTING) (p)->counts->entries++;   \
  } while (0)
/* The highest slot in use; `end` is one past it.

   Most functions run below the peak: where all the slots that a function may use do not reach it, nothing needs to be
   compared. So the loops of count and sample mode exist twice, with and without the comparison at every write, and who
   enters or comes back to a function that may reach higher goes over to the comparing loop. That one looks only now and
   then whether it is still needed, as going over takes its time. */
#define NOTE_DEPTH(end)                                                      \
  do {                                                                  \
    if (COUNTING && UNLIKELY((end) > peak)) {                           \
      peak = (end);                                                     \
      profiler->peak_depth = (size_t)(peak - L->stack);                 \
      if (profiler->peak_depth >= profiler->next_chain_depth) profiler_note_chain(profiler, L, pc); \
    }                                                                   \
  } while (0)
#define LOAD_PEAK()                                              \
  do {                                                           \
    if (!HOOKED || profiler != NULL) peak = L->stack + profiler->peak_depth; \
  } while (0)
#define CALLED(f) ((f)->calls++)
#define CHANGE_LOOP(compares)        \
  do {                               \
    vm->compares_depth = (compares); \
    ci->pc = pc;                     \
    return true;                     \
  } while (0)
#if BELOW_PEAK
#define DEPTH(end) ((void)0)
#define FIT_LOOP()                                         \
  do {                                                     \
    if (UNLIKELY(base + cl->proto->slots > peak)) {        \
      NOTE_DEPTH(base + cl->proto->parameters);            \
      CHANGE_LOOP(true);                                   \
    }                                                      \
  } while (0)
#else
#define DEPTH(end) NOTE_DEPTH(end)
#define FIT_LOOP()                                                             \
  do {                                                                         \
    if (HAS_OTHER_LOOP && UNLIKELY(--patience == 0)) {                         \
      patience = PATIENCE;                                                     \
      if (base + cl->proto->slots <= peak) CHANGE_LOOP(false);                 \
    }                                                                          \
  } while (0)
#endif
#else
#define NOTE_DEPTH(end) ((void)0)
#define FIT_LOOP() ((void)0)
#define LOAD_COUNTS() ((void)0)
#define TAKEN() ((void)0)
#define ENTERED(p) ((void)0)
#define DEPTH(end) ((void)0)
#define LOAD_PEAK() ((void)0)
#define CALLED(f) ((void)0)
#endif

#if SAMPLE
#define RUNNING() RUNNING_SET(vm, pc, pc)
#define CALLEE_BEGINS(ci, p) ((ci)->pc = (p)->code) /* else a frame's pc is set when something else runs */
#define BUILTIN_BEGINS(f) RUNNING_SET(vm, builtin, (f)->name)
#define BUILTIN_ENDS() RUNNING_SET(vm, builtin, NULL)
#else
#define RUNNING() ((void)0)
#define CALLEE_BEGINS(ci, p) ((void)0)
#define BUILTIN_BEGINS(f) ((void)0)
#define BUILTIN_ENDS() ((void)0)
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
    if (!HOOKED || vm->mode == MODE_ORACLE) cl->proto->counts->every[pc - 1 - cl->proto->code] += (n);     \
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
