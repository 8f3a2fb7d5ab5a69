/* The one allocator: size classes for small blocks, the C library for large ones, every byte accounted. */
#ifndef PERILUNE_MEMORY_H
#define PERILUNE_MEMORY_H

#include "objects/vm.h"

#define SMALL_BLOCK 512
#define SIZE_CLASSES (SMALL_BLOCK / 16 + 1)

/* Exact figures; `current` is what Lua objects, stacks and buffers hold, not what the pools reserve. */
typedef struct Allocator {
  size_t current;
  size_t peak;
  size_t limit;              /* SIZE_MAX: none */
  struct Profiler *profiler; /* told of every allocation and release while a profile runs, else NULL */
  void *free[SIZE_CLASSES];  /* free small blocks by size class, linked through their first word */
  char *fresh;               /* unused rest of the newest pool */
  char *fresh_end;
  struct Pool *pools;
  size_t pool_count;
  char *arena; /* room for further pools */
  char *arena_end;
  HostAllocate allocate; /* a host's function, which gives pools and large blocks; NULL: the C library does */
  void *context;         /* for it */
  uint32_t profile; /* number of the profile that sites of blocks are of */
} Allocator;

/* The site (see sites.h) that a block was allocated at in this profile; 0 for blocks from before it. */
uint32_t memory_site(const Allocator *allocator, const void *block, size_t size);
/* A profile begins: no block has a site, but every block can have one. False if there is no memory for them. */
bool memory_begin_sites(Allocator *allocator);

/* Where there is no room, all that allocate here collect garbage and try again, whatever the machine is at: gc_emergency.

   Throw "not enough memory" (as a Lua error) on failure; sizes are those that memory_free and memory_resize get back. */
void *memory_allocate(Thread *L, size_t size);
void *memory_resize(Thread *L, void *block, size_t old_size, size_t new_size);
void memory_free(VM *vm, void *block, size_t size);

/* As memory_resize, but returns NULL instead of throwing. */
void *memory_try_resize(VM *vm, void *block, size_t old_size, size_t new_size);
/* The same without a collection. */
void *memory_resize_at_once(VM *vm, void *block, size_t old_size, size_t new_size);

/* An array of `count` elements: throws when the size does not fit. */
void *memory_array(Thread *L, void *block, size_t old_count, size_t new_count, size_t element);

/* Zeroed memory that is no part of the program's figures: the profiler's own. NULL on failure. */
void *memory_uncounted(size_t count, size_t element);
void memory_uncounted_free(void *block);

Allocator *allocator_new(HostAllocate allocate, void *context); /* NULL: the C library */
void allocator_delete(Allocator *allocator);

/* A VM's first block, before there is a thread to throw in: NULL on failure. */
void *memory_first(Allocator *allocator, size_t size);
/* Frees such a block when there is no VM any more. */
void memory_last(Allocator *allocator, void *block, size_t size);

#endif
