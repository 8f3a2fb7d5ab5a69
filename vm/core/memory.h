/* The one allocator: size classes for small blocks, the C library for large ones, every byte accounted. */
#ifndef PERILUNE_MEMORY_H
#define PERILUNE_MEMORY_H

#include "vm.h"

/* Exact figures; `current` is what Lua objects, stacks and buffers hold, not what the pools reserve. */
typedef struct Allocator {
  size_t current;
  size_t peak;
  size_t limit; /* 0: none */
  struct Pool *pool;
  struct Profiler *profiler; /* told of every allocation and release while a profile runs, else NULL */
} Allocator;

/* Throw "not enough memory" (as a Lua error) on failure; sizes are those that memory_free and memory_resize get back. */
void *memory_allocate(Thread *L, size_t size);
void *memory_resize(Thread *L, void *block, size_t old_size, size_t new_size);
void memory_free(VM *vm, void *block, size_t size);

/* As memory_resize, but returns NULL instead of throwing. */
void *memory_try_resize(VM *vm, void *block, size_t old_size, size_t new_size);

Allocator *allocator_new(void);
void allocator_delete(Allocator *allocator);

#endif
