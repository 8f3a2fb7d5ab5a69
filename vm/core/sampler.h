/* Sampling: where the program is, about a thousand times a second. A timer's signal to the VM's thread sees the running
   instruction and all frames; a thread that only reads sees the instruction. */
#ifndef PERILUNE_SAMPLER_H
#define PERILUNE_SAMPLER_H

#include "vm.h"

enum SamplerKind { SAMPLER_BEST /* what the system has */, SAMPLER_SIGNAL, SAMPLER_THREAD };

/* Of the mean interval, so that the handler's own time stays small beside it, and nothing overflows. */
#define MIN_INTERVAL_NS 10000u
#define MAX_INTERVAL_NS 100000000000u
#define BEST_INTERVAL 0u /* the shortest that costs a hundredth of the run, but not over LONGEST_BEST_NS */
#define SHORTEST_BEST_NS 250000u
#define LONGEST_BEST_NS 1000000u

#define NO_BUILTIN UINT32_MAX

/* A node of the call tree: a function at a line, or a library function, reached through its parents. Node 0 is the root. */
typedef struct TreeNode {
  uint32_t parent;
  uint32_t function; /* id; with `builtin`, 0 */
  uint32_t line;
  uint32_t builtin; /* index into the sampler's builtins, or NO_BUILTIN */
  uint64_t samples; /* that ended here */
} TreeNode;

typedef struct BuiltinSamples {
  const char *name;
  uint64_t samples;
} BuiltinSamples;

typedef struct Sampler Sampler;

/* What has been found. Samples of instructions stand in their functions' counters. */
typedef struct Samples {
  uint64_t all;
  uint64_t collecting; /* the collector was at work */
  uint64_t outside;    /* no Lua function was running */
  BuiltinSamples *builtins;
  uint32_t builtin_count;
  TreeNode *nodes; /* NULL where the sampler sees no frames */
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

/* Around changes of what a sample reads: the frames of threads, and the profiler's list of functions. NULL is no sampler. */
void sampler_lock(Sampler *sampler);
void sampler_unlock(Sampler *sampler);

#endif
