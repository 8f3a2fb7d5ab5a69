/* A thread and the processor: how long the thread has had it, and whether it waits for something else than it. */
#ifndef PERILUNE_CPU_H
#define PERILUNE_CPU_H

#include <stdbool.h>
#include <stdint.h>

#define CPU_UNKNOWN UINT64_MAX

/* The processor time of the calling thread in nanoseconds; CPU_UNKNOWN where the system does not tell it exactly. */
uint64_t cpu_time_ns(void);

/* What is known of a thread that is watched. */
typedef struct CpuWatch {
  long waits; /* how often it had given the processor away by itself when the handler last looked */
  uint64_t usual_late_ns; /* what a signal takes that finds it computing; 0: not known yet */
  int state_file; /* of the system, for another thread to read; -1: none */
} CpuWatch;

/* Whether a signal handler can tell that it interrupted a wait. */
bool cpu_handler_sees_waits(void);
/* For the handler: whether the thread waited when the signal was sent, which was so many nanoseconds ago. Reads nothing
   but the registers, the instruction that they point to and the thread's own counters. */
bool cpu_interrupted_wait(CpuWatch *watch, const void *context, uint64_t late_ns);

/* For another thread: begins on the thread that is to be watched; `state_file` is -1 if there is nothing to be seen. */
void cpu_watch_begin(CpuWatch *watch);
void cpu_watch_end(CpuWatch *watch);
bool cpu_thread_waits(const CpuWatch *watch);

#endif
