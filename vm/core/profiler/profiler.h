/* The profiler inside the machine: exact counts from function entries and taken jumps, memory at the allocator, the
   stack pointer's peak, and time stamps in trace mode.

   Counter arrays are parallel to the code words. A two-word instruction's counter may stand at either of its words: read
   the sum of both. */
#ifndef PERILUNE_PROFILER_H
#define PERILUNE_PROFILER_H

#include "functions.h"
#include "memory/memory.h"
#include "sampler.h"
#include "sites.h"

/* Calls of one library function, summed over its objects. Times are without Lua functions that it calls back. */
typedef struct BuiltinCount {
  const char *name;
  uint64_t calls;
  uint64_t ticks;
  uint64_t samples;
  uint64_t waiting; /* of the samples */
} BuiltinCount;

/* A part of the run that the program names. `open` is how often it is under way: inside itself it counts once. */
typedef struct Zone {
  char *name;
  size_t length;
  uint64_t calls;
  uint64_t ns;
  uint64_t cpu_ns;
  uint64_t allocated_bytes;
  uint64_t allocations;
  uint32_t open;
  uint64_t begun_ns;
  uint64_t begun_cpu_ns;
  uint64_t begun_bytes;
  uint64_t begun_allocations;
} Zone;

#define NO_ZONE UINT32_MAX

/* What the collector found in its cycles: objects with all their blocks. */
typedef struct HeapCount {
  uint64_t objects;
  uint64_t bytes;
} HeapCount;

typedef struct Collector {
  uint64_t cycles;
  uint64_t work; /* see profiler_collected */
  HeapCount walked[BLOCK_KINDS];
  HeapCount freed;
} Collector;

/* Of one probe of trace mode, measured when the profile begins: calibration.c. */
typedef struct ProbeCost {
  double added_ticks;  /* what it adds to a cheap instruction */
  double hidden_ticks; /* what such an instruction takes without it, which it hides */
} ProbeCost;

/* One activation of a call chain: a function's id and line, or a library function's name. */
typedef struct ChainEntry {
  uint32_t function;
  uint32_t line;
  const char *builtin;
} ChainEntry;

#define CHAIN_ENTRIES 128 /* the outermost and the innermost half of a longer chain are kept */

typedef struct Profiler {
  VM *vm;
  bool running;
  bool paused; /* by the program: the mode's loop is not at work */
  bool inside; /* between profiler_enter and profiler_leave */
  bool program_ended; /* what runs now are finalizers */
  enum Mode mode;
  /* total time: the profile's, and the part of it between profiler_enter and profiler_leave */
  uint64_t started_ns;
  uint64_t stopped_ns; /* 0 while running */
  uint64_t entered_ns; /* 0 while nothing is measured */
  uint64_t run_ns;
  uint64_t entered_cpu_ns; /* the same of the thread's processor time */
  uint64_t cpu_ns;         /* CPU_UNKNOWN where it cannot be measured */
  /* memory, in bytes; current = started + paused + allocated - released - closing */
  size_t started_bytes;
  size_t current_bytes; /* when the program ended */
  size_t peak_bytes;    /* until the last release, while it was measured and at the end */
  uint64_t allocations;
  uint64_t released_bytes;
  int64_t paused_bytes; /* allocated less released while paused: it is in `current` */
  int64_t closing_bytes; /* the same of the finalizers when the machine closed: it is not */
  Sites sites;
  /* value stack, in slots of the running thread */
  size_t current_depth;
  size_t peak_depth;
  ChainEntry chain[CHAIN_ENTRIES]; /* the calls when the depth was chain_depth, outermost first */
  uint64_t chain_count; /* activations; of more than CHAIN_ENTRIES the middle is missing */
  size_t chain_depth;   /* the peak, unless the frame that took the stack to the peak is still there: */
  const Thread *peak_thread;
  size_t peak_frame;
  const uint32_t *peak_pc; /* behind the instruction that it ran then */
  /* trace mode: the open interval */
  uint64_t last_stamp;
  uint64_t *last_ticks;    /* where the open interval will be added */
  uint64_t outside_ticks;
  double ns_per_tick;
  ProbeCost probe;
  uint64_t activity_ticks[ACTIVITY_COUNT]; /* none for ACTIVITY_PROGRAM */
  Collector collector;
  uint64_t paused_stamp;
  uint64_t away_ticks; /* spent in what library functions called back and in the machine's activities, so far */
  Sampler *sampler; /* sample mode */
  Functions functions;
  BuiltinCount *builtins;
  uint32_t builtin_count;
  uint32_t builtin_capacity;
  Zone *zones;
  uint32_t zone_count;
  uint32_t zone_capacity;
} Profiler;

enum ProfilerStart { PROFILER_STARTED, PROFILER_NO_MEMORY, PROFILER_NO_SAMPLER /* the system has none of this kind */ };

/* Begins a profile in a mode other than MODE_OFF: attaches counters to all loaded functions. Not while Lua runs. The
   sampler's kind and mean interval (or BEST_INTERVAL) count in sample mode. The figures of the profile before are gone in any case. */
enum ProfilerStart profiler_start(VM *vm, enum Mode mode, enum SamplerKind kind, uint64_t interval_ns);
/* The program is over, but the finalizers of what it left may follow: what is live now is live at the end. */
void profiler_end_program(VM *vm);
/* Ends it; the figures stay readable until the next start. Not while Lua runs. */
void profiler_stop(VM *vm);
void profiler_delete(VM *vm);

/* Around the running of a program: what is between counts as run time. */
void profiler_enter(VM *vm);
void profiler_leave(VM *vm);
/* Nanoseconds measured so far, and those of the processor, or CPU_UNKNOWN. */
uint64_t profiler_run_ns(const Profiler *profiler);
uint64_t profiler_cpu_ns(const Profiler *profiler);

/* For the program itself, at any time; without a profile they do nothing. While paused nothing is counted or timed, but
   what is live on the heap stays known. */
bool profiler_is_measuring(const VM *vm);
void profiler_pause(VM *vm);
void profiler_resume(VM *vm);
/* Returns NO_ZONE without a profile, or without the memory to remember the zone. */
uint32_t profiler_zone_begin(VM *vm, const char *name, size_t length);
void profiler_zone_end(VM *vm, uint32_t index);

/* Between the profiler's files. */
uint64_t profiler_now_ns(void); /* a clock that never goes back */
enum ProfilerStart profiler_start_uncalibrated(VM *vm); /* a trace whose probes' cost is not measured */
bool calibrate_probe(ProbeCost *cost);                  /* false without the memory for it */
void profiler_start_clock(Profiler *profiler);
void profiler_stop_clock(Profiler *profiler);
void profiler_count_suspended(VM *vm, uint64_t exits);
bool profiler_grow(void *array_pointer, uint32_t count, uint32_t *capacity, size_t element);
void profiler_zones_end(VM *vm); /* of those that were not closed */
void profiler_zones_delete(Profiler *profiler);

/* NULL without a profile that takes samples. */
static inline Sampler *profiler_sampler(const VM *vm) { return vm->profiler != NULL ? vm->profiler->sampler : NULL; }

/* Nanoseconds since the profile began, until now or until it ended. */
uint64_t profiler_elapsed_ns(const Profiler *profiler);

/* A chunk was loaded, whose outermost function is p; does nothing unless a profile runs. */
void profiler_attach(Thread *L, Proto *p);
/* Between the profiler's files. */
void profiler_detach(Proto *p);
/* A function's object goes; its counters stay. */
void profiler_forget(Proto *p);
/* A word of the instruction that a frame of p with this saved pc is in; the first one if it has not begun. */
static inline uint32_t profiler_word(const Proto *p, const uint32_t *pc) {
  return pc > p->code ? (uint32_t)(pc - p->code) - 1 : 0;
}
/* The line that a word of a profiled function is charged to; 0 if it is not known. */
static inline uint32_t profiler_line(const Proto *p, uint32_t word) {
  return p->counts->lines != NULL ? p->counts->lines[word] : 0;
}
/* The allocator's probes, before the program's figures change. `running` is the site of the running instruction: new
   blocks belong to it, and so do those that grow. They return the block's site. */
static inline uint32_t profiler_allocated(Profiler *profiler, uint32_t running, size_t size);
static inline void profiler_released(Profiler *profiler, uint32_t site, size_t size, size_t current);
uint32_t profiler_resized(Profiler *profiler, uint32_t running, uint32_t before, size_t old_size, size_t new_size);
/* Bytes handed out so far. */
static inline uint64_t profiler_allocated_bytes(const Profiler *profiler);
/* The collector has worked for so many ticks, which comes to so many bytes in its own measure, and so many of its cycles
   ended. What drove it are the bytes allocated since the last cycle ended, or the running instruction, which has asked
   for it. Its work is measured in ticks where the mode takes time, else in the deterministic bytes. */
void profiler_collected(Profiler *profiler, uint64_t ticks, uint64_t bytes, uint64_t cycles, bool is_asked);
/* Before the heap shrinks, and before the profile ends or pauses. */
static inline void profiler_note_peak(Profiler *profiler, size_t current);
/* The site of the instruction that called what runs now. */
uint32_t profiler_waiting_site(const VM *vm);
/* The stack of L is in use up to `end`. `pc` is behind the running instruction of its Lua frame where the frame does not
   have it. */
static inline void profiler_note_depth(Profiler *profiler, const Thread *L, const Value *end, const uint32_t *pc);
void profiler_raise_peak(Profiler *profiler, const Thread *L, size_t depth, const uint32_t *pc);
/* Keeps the calls that lead to the peak: before its frame goes, which has FRAME_PEAK, and before another thread goes on. */
static inline void profiler_keep_chain(VM *vm);
void profiler_take_chain(Profiler *profiler);
/* A frame is leaving early (error, coroutine.close): its instruction was begun but what follows it was not. Only while a
   profile runs. */
void profiler_abort_frame(const Frame *frame);
/* A limit comes before the instruction that the current frame has reached. */
void profiler_not_begun(VM *vm, const Frame *frame);
/* A coroutine is found to be dead that may have frames left. */
void profiler_abandon_thread(VM *vm, const Thread *thread);
/* A library function's object goes, or the profile ends: its calls are kept by name. */
void profiler_keep_builtin(VM *vm, CFn *f);
/* Trace mode's stamp. */
static inline uint64_t profiler_stamp(void);
void profiler_opcode_begin(Profiler *profiler, uint64_t *ticks);
void profiler_opcode_end(Profiler *profiler);
/* Trace mode: around a library function's run, and around what it calls back. The stamps that they take are nobody's
   time. */
static inline uint64_t profiler_builtin_begin(const Profiler *profiler);
static inline void profiler_builtin_end(Profiler *profiler, CFn *f, uint64_t begun);
typedef struct Away {
  uint64_t *ticks; /* of the instruction that called the library function; NULL when nothing is traced */
  uint64_t stamp;
  uint64_t away_ticks;
} Away;
static inline Away profiler_go_away(const VM *vm);
static inline void profiler_come_back(VM *vm, const Away *away);
/* Around what the machine does that is not the running line's. Returns what the end is to be given; that returns the
   ticks between, 0 if they were not measured. */
uint64_t profiler_begin_activity(VM *vm, enum Activity activity);
uint64_t profiler_end_activity(VM *vm, uint64_t begun);

/* Executions of every word of a function (0 for second words), derived by flow conservation from entries, taken jumps and early
   exits, when the profile has ended. `counts` has c->word_count entries. */
void profiler_derive(const ProtoCounts *c, uint64_t *counts);

#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>
static inline uint64_t profiler_stamp(void) { return __rdtsc(); }
#elif defined(__aarch64__)
static inline uint64_t profiler_stamp(void) {
  uint64_t t;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
  return t;
}
#else
static inline uint64_t profiler_stamp(void) { return profiler_now_ns(); }
#endif

static inline uint32_t profiler_site_of(const Frame *frame) {
  const Proto *p = frame->base[-1].luafn->proto;
  if (UNLIKELY(p->first_site == 0)) return SITE_OUTSIDE;
  return p->first_site + (uint32_t)(frame->pc - p->code);
}

static inline uint32_t profiler_running_site(const VM *vm) {
  const Frame *frame = vm->current->frame;
  return LIKELY(frame->kind == FRAME_LUA) ? profiler_site_of(frame) : profiler_waiting_site(vm);
}

static inline uint64_t profiler_allocated_bytes(const Profiler *profiler) {
  size_t current =
    profiler->running ? profiler->vm->allocator->current : profiler->current_bytes + (size_t)profiler->closing_bytes;
  return current + profiler->released_bytes - profiler->started_bytes - (uint64_t)profiler->paused_bytes;
}

/* The heap only grows from one release to the next: so its peaks are at releases. */
static inline void profiler_note_peak(Profiler *profiler, size_t current) {
  if (LIKELY(current <= profiler->peak_bytes)) return;
  profiler->peak_bytes = current;
  sites_note_peak(&profiler->sites);
}

/* At a site that is not stale, while not paused. */
static inline uint32_t profiler_allocated_at(Profiler *profiler, uint32_t site, size_t size) {
  Site *s = &profiler->sites.array[site];
  s->allocations++;
  s->bytes += size;
  profiler->allocations++;
  return site;
}

static inline uint32_t profiler_allocated(Profiler *profiler, uint32_t running, size_t size) {
  if (UNLIKELY(profiler->paused)) return profiler_resized(profiler, SITE_BEFORE, SITE_BEFORE, 0, size);
  site_to_change(&profiler->sites, running);
  return profiler_allocated_at(profiler, running, size);
}

static inline void profiler_released(Profiler *profiler, uint32_t site, size_t size, size_t current) {
  if (UNLIKELY(profiler->paused)) {
    profiler->paused_bytes -= (int64_t)size;
  } else {
    profiler->released_bytes += size;
    profiler_note_peak(profiler, current);
  }
  site_to_change(&profiler->sites, site)->gone += size;
}

static inline void profiler_note_depth(Profiler *profiler, const Thread *L, const Value *end, const uint32_t *pc) {
  size_t depth = (size_t)(end - L->stack);
  if (UNLIKELY(depth > profiler->peak_depth)) profiler_raise_peak(profiler, L, depth, pc);
}

static inline void profiler_keep_chain(VM *vm) {
  Profiler *profiler = vm->profiler;
  if (UNLIKELY(profiler != NULL) && profiler->chain_depth != profiler->peak_depth) profiler_take_chain(profiler);
}

static inline uint64_t profiler_builtin_begin(const Profiler *profiler) {
  return profiler->mode == MODE_TRACE ? profiler_stamp() - profiler->away_ticks : 0;
}

static inline void profiler_builtin_end(Profiler *profiler, CFn *f, uint64_t begun) {
  if (profiler->mode != MODE_TRACE) return;
  uint64_t probe = (uint64_t)profiler->probe.added_ticks;
  f->ticks += profiler_stamp() - profiler->away_ticks - begun - probe;
  profiler->last_stamp += 2 * probe;
}

static inline Away profiler_go_away(const VM *vm) {
  if (LIKELY(vm->mode != MODE_TRACE)) return (Away){NULL, 0, 0};
  return (Away){vm->profiler->last_ticks, profiler_stamp(), vm->profiler->away_ticks};
}

static inline void profiler_come_back(VM *vm, const Away *away) {
  if (LIKELY(away->ticks == NULL) || vm->mode != MODE_TRACE) return;
  Profiler *profiler = vm->profiler;
  uint64_t probe = (uint64_t)profiler->probe.added_ticks;
  profiler_opcode_begin(profiler, away->ticks);
  profiler->away_ticks = away->away_ticks + (profiler->last_stamp - away->stamp) + probe;
  profiler->last_stamp += 2 * probe;
}

#endif
