/* Sampling: where the program is, about a thousand times a second: its running instruction, and all its frames. */
#ifndef PERILUNE_SAMPLER_H
#define PERILUNE_SAMPLER_H

#include "objects/vm.h"

/* What has a sample taken: the best that the system has, a timer's signal to the VM's thread, a thread that interrupts
   the VM's, or every instruction of the processor, which is for tests. */
enum SamplerKind { SAMPLER_BEST, SAMPLER_SIGNAL, SAMPLER_THREAD, SAMPLER_STEPS };

/* Of the mean interval, so that the handler's own time stays small beside it, and nothing overflows. */
#define MIN_INTERVAL_NS 10000u
#define MAX_INTERVAL_NS 100000000000u
#define BEST_INTERVAL 0u /* the shortest that costs a hundredth of the run, but not over LONGEST_BEST_NS */
#define SHORTEST_BEST_NS 250000u
#define LONGEST_BEST_NS 1000000u

#define NO_BUILTIN UINT32_MAX
#define NOT_SHOWN "(calls not shown)" /* stands in the tree like a library function for the middle of a very deep stack */

/* A node of the call tree: a function at a line, or a library function, reached through its parents. Node 0 is the root. */
typedef struct TreeNode {
  uint32_t parent;
  uint32_t function; /* id; with `builtin`, 0 */
  uint32_t line;
  uint32_t builtin; /* index into the sampler's builtins, or NO_BUILTIN */
  uint64_t samples; /* that ended here */
  uint64_t waiting; /* and of these, when the thread waited */
} TreeNode;

typedef struct BuiltinSamples {
  const char *name;
  uint64_t samples;
  uint64_t waiting;
} BuiltinSamples;

typedef struct Sampler Sampler;

/* What has been found. Samples of instructions stand in their functions' counters. */
typedef struct Samples {
  uint64_t all;
  uint64_t activities[ACTIVITY_COUNT]; /* the machine was at this; none for ACTIVITY_PROGRAM */
  uint64_t outside;    /* no Lua function was running */
  bool knows_waiting;  /* the figures of waiting are some, which say how many of the samples found the thread waiting */
  uint64_t waiting;
  uint64_t activities_waiting[ACTIVITY_COUNT];
  uint64_t outside_waiting;
  BuiltinSamples *builtins;
  uint32_t builtin_count;
  TreeNode *nodes;
  uint32_t node_count;
} Samples;

/* NULL if there is no memory for it, or, with *is_supported false, if the system has no such sampler. */
Sampler *sampler_new(VM *vm, enum SamplerKind kind, uint64_t interval_ns, bool *is_supported);
void sampler_delete(Sampler *sampler);
uint64_t sampler_interval_ns(const Sampler *sampler); /* the mean */
enum SamplerKind sampler_kind(const Sampler *sampler);
const Samples *sampler_samples(const Sampler *sampler);

/* Around the running of a program, on the thread that runs it. */
void sampler_enter(Sampler *sampler);
void sampler_leave(Sampler *sampler);
/* The program runs in many short pieces, perhaps on several threads in turn, and a host's own work is between: the thread of
   SAMPLER_THREAD stays, and rests meanwhile. Before the first piece. NULL is no sampler. */
void sampler_expect_short_runs(Sampler *sampler);

/* An activity of the machine's own has ended: its steps are not followed one by one. NULL is no sampler. */
void sampler_go_on(const Sampler *sampler);
/* Around C code of a module, whose system calls no signal may interrupt: meanwhile another thread takes the samples, and
   reads the frames, which must not change. Not inside each other. NULL is no sampler. */
void sampler_begin_foreign(Sampler *sampler);
void sampler_end_foreign(Sampler *sampler);
/* Around a move of what a sample reads, the stack and the frames of a thread. NULL is no sampler. */
void sampler_lock(Sampler *sampler);
void sampler_unlock(Sampler *sampler);

#endif
