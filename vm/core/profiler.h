/* The profiler inside the machine: exact counts from function entries and taken jumps, memory at the allocator, the
   stack pointer's peak, and time stamps in trace mode.

   Counter arrays are parallel to the code words. A two-word instruction's counter may stand at either of its words: read
   the sum of both. */
#ifndef PERILUNE_PROFILER_H
#define PERILUNE_PROFILER_H

#include "vm.h"

typedef struct Profiler {
  VM *vm;
  bool running;
  enum Mode mode;
  /* total time */
  uint64_t started_ns;
  uint64_t run_ns;
  /* memory, in bytes; current and peak are the allocator's while running */
  size_t current_bytes;
  size_t peak_bytes;
  uint64_t allocated_bytes;
  uint64_t allocations;
  uint64_t released_bytes;
  AllocationCount outside; /* allocated while no Lua function ran */
  /* value stack, in slots of the running thread */
  size_t current_depth;
  size_t peak_depth;
  /* trace mode: the open interval */
  uint64_t last_stamp;
  uint64_t *last_ticks;    /* where the open interval will be added */
  uint64_t outside_ticks;
  double ns_per_tick;
  double probe_ticks; /* calibrated cost of one begin/end pair that lands inside the measured interval */
  uint64_t gc_ticks;
  /* every function seen, by id; a root of the collector, so that counts outlive the functions */
  Proto **protos;
  uint32_t proto_count;
  uint32_t proto_capacity;
} Profiler;

/* Begins a profile in a mode other than MODE_OFF: attaches counters to all loaded functions. Not while Lua runs. */
void profiler_start(VM *vm, enum Mode mode);
/* Ends it; the figures stay readable until the next start. */
void profiler_stop(VM *vm);
void profiler_delete(VM *vm);

/* A new function was loaded while a profile runs. */
void profiler_attach(Thread *L, Proto *p);
/* The allocator's probes. The instruction is the innermost Lua frame's. */
void profiler_allocation(Profiler *profiler, size_t old_size, size_t new_size);
/* A frame is leaving early (error, coroutine.close): its instruction was begun but what follows it was not. */
void profiler_abort_frame(const Frame *frame);
/* Trace mode's stamp. */
static inline uint64_t profiler_stamp(void);
void profiler_opcode_begin(Profiler *profiler, uint64_t *ticks);
void profiler_opcode_end(Profiler *profiler);
void profiler_calibrate(Profiler *profiler);

/* Executions of every word of p (0 for second words), derived by flow conservation from entries, taken jumps and early
   exits; frames that are still suspended in any thread count as left early. `counts` has p->word_count entries. */
void profiler_derive(VM *vm, const Proto *p, uint64_t *counts);

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
#include <time.h>
static inline uint64_t profiler_stamp(void) {
  struct timespec t;
  timespec_get(&t, TIME_UTC);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
#endif

#endif
