/* The one allocator. Small blocks come from pools by size class, because freeing tells the size and Lua programs live on
   small blocks; large ones come from the C library.

   While a profile runs every block has a site, the instruction that allocated it: a large block's stands in the header
   that all large blocks have, a small block's in a table beside its pool, which is found through the pool's address. */
#include "memory.h"

#include <stdlib.h>
#ifdef _WIN32
#include <malloc.h>
#endif
#include <string.h>

#include "call.h"
#include "gc.h"
#include "profiler.h"

#define POOL_SIZE (64 * 1024) /* and alignment */

typedef struct Pool {
  struct Pool *next;
  uint32_t *sites; /* one for every 16 bytes; may be NULL while no profile runs */
} Pool;

typedef union LargeHeader {
  struct {
    uint32_t site;
    uint32_t profile; /* that the site is of */
  };
  max_align_t alignment;
} LargeHeader;

static inline size_t class_of(size_t size) { return (size + 15) / 16; }

#ifdef PERILUNE_NO_POOLS /* sanitizers see every block only if the C library hands it out */
static inline bool is_small(size_t size) {
  (void)size;
  return false;
}
#else
static inline bool is_small(size_t size) { return size <= SMALL_BLOCK; }
#endif

#ifdef _WIN32
static void *pool_allocate(void) { return _aligned_malloc(POOL_SIZE, POOL_SIZE); }
static void pool_free(void *pool) { _aligned_free(pool); }
#else
static void *pool_allocate(void) { return aligned_alloc(POOL_SIZE, POOL_SIZE); }
static void pool_free(void *pool) { free(pool); }
#endif

static uint32_t *sites_new(void) { return memory_uncounted(POOL_SIZE / 16, sizeof(uint32_t)); }

static Pool *pool_new(Allocator *a) {
  Pool *pool = pool_allocate();
  if (pool == NULL) return NULL;
  pool->sites = a->profiler != NULL ? sites_new() : NULL;
  if (a->profiler != NULL && pool->sites == NULL) {
    pool_free(pool);
    return NULL;
  }
  pool->next = a->pools;
  return a->pools = pool;
}

static NOINLINE void *pool_block(Allocator *a, size_t bytes) {
  if ((size_t)(a->fresh_end - a->fresh) < bytes) {
    while ((size_t)(a->fresh_end - a->fresh) >= 16) { /* hand the rest to the smaller classes */
      size_t rest = (size_t)(a->fresh_end - a->fresh);
      size_t class = rest / 16 < SIZE_CLASSES ? rest / 16 : SIZE_CLASSES - 1;
      *(void **)a->fresh = a->free[class];
      a->free[class] = a->fresh;
      a->fresh += class * 16;
    }
    Pool *pool = pool_new(a);
    if (pool == NULL) return NULL;
    a->fresh = (char *)(pool + 1);
    a->fresh_end = (char *)pool + POOL_SIZE;
  }
  void *block = a->fresh;
  a->fresh += bytes;
  return block;
}

static inline void *take_small(Allocator *a, size_t size) {
  size_t class = class_of(size);
  void *block = a->free[class];
  if (LIKELY(block != NULL)) {
    a->free[class] = *(void **)block;
    return block;
  }
  return pool_block(a, class * 16);
}

static inline void give_small(Allocator *a, void *block, size_t size) {
  size_t class = class_of(size);
  *(void **)block = a->free[class];
  a->free[class] = block;
}

/* Large blocks */

static inline void *take_large(size_t size) {
  LargeHeader *header = size <= SIZE_MAX - sizeof(LargeHeader) ? malloc(sizeof(LargeHeader) + size) : NULL;
  if (header == NULL) return NULL;
  header->profile = 0;
  return header + 1;
}

/* The header moves with its block. */
static void *resize_large(void *block, size_t size) {
  if (size > SIZE_MAX - sizeof(LargeHeader)) return NULL;
  LargeHeader *header = realloc((LargeHeader *)block - 1, sizeof(LargeHeader) + size);
  return header != NULL ? header + 1 : NULL;
}

static inline void give_large(void *block) { free((LargeHeader *)block - 1); }

static inline void *take(Allocator *a, size_t size) { return is_small(size) ? take_small(a, size) : take_large(size); }

static inline void give(Allocator *a, void *block, size_t size) {
  if (is_small(size))
    give_small(a, block, size);
  else
    give_large(block);
}

/* Sites */

static Pool *pool_of(const void *block) { return (Pool *)((uintptr_t)block & ~(uintptr_t)(POOL_SIZE - 1)); }

static size_t place_in_pool(const void *block) { return ((uintptr_t)block & (POOL_SIZE - 1)) / 16; }

uint32_t memory_site(const Allocator *a, const void *block, size_t size) {
  if (is_small(size)) return pool_of(block)->sites[place_in_pool(block)];
  const LargeHeader *header = (const LargeHeader *)block - 1;
  return header->profile == a->profile ? header->site : 0;
}

static inline void set_site(const Allocator *a, void *block, size_t size, uint32_t site) {
  if (LIKELY(is_small(size))) {
    pool_of(block)->sites[place_in_pool(block)] = site;
  } else {
    LargeHeader *header = (LargeHeader *)block - 1;
    header->site = site;
    header->profile = a->profile;
  }
}

bool memory_begin_sites(Allocator *a) {
  a->profile++;
  for (Pool *pool = a->pools; pool != NULL; pool = pool->next) {
    memory_uncounted_free(pool->sites);
    pool->sites = sites_new();
    if (pool->sites == NULL) return false;
  }
  return true;
}

/* Accounting */

static NOINLINE void *profile_allocated_elsewhere(const Allocator *a, void *block, size_t size) {
  set_site(a, block, size, profiler_allocated(a->profiler, profiler_waiting_site(a->profiler->vm), size));
  return block;
}

/* Returns the block. Whoever calls something last need save no registers before: allocating is what programs do most. */
static NOINLINE void *profile_allocated(const Thread *L, void *block, size_t size) {
  const Allocator *a = L->vm->allocator;
  const Frame *frame = L->frame;
  if (UNLIKELY(a->profiler->paused || frame->kind != FRAME_LUA)) return profile_allocated_elsewhere(a, block, size);
  set_site(a, block, size, profiler_allocated(a->profiler, profiler_site_of(frame), size));
  return block;
}

/* What must be known of a block before it is resized: then the stack and the frames may be elsewhere. */
typedef struct Resized {
  uint32_t before;
  uint32_t running;
} Resized;

static NOINLINE Resized profile_resizing(const VM *vm, const void *block, size_t size) {
  return (Resized){memory_site(vm->allocator, block, size), profiler_running_site(vm)};
}

static NOINLINE void profile_resized(Allocator *a, Resized r, size_t old_size, void *block, size_t size) {
  uint32_t site = profiler_resized(a->profiler, r.running, r.before, old_size, size);
  set_site(a, block, size, site);
}

static inline void account(VM *vm, Allocator *a, size_t old_size, size_t size) {
  a->current += size - old_size;
  vm->gc->debt += (ptrdiff_t)(size - old_size);
  if (a->current > a->peak) a->peak = a->current;
}

void *memory_allocate(Thread *L, size_t size) {
  VM *vm = L->vm;
  Allocator *a = vm->allocator;
  if (size == 0) return NULL;
  if (UNLIKELY(size > a->limit - a->current || a->current > a->limit)) error_memory(L);
  void *block = take(a, size);
  if (UNLIKELY(block == NULL)) error_memory(L);
  account(vm, a, 0, size);
  return UNLIKELY(a->profiler != NULL) ? profile_allocated(L, block, size) : block;
}

void memory_free(VM *vm, void *block, size_t size) {
  if (block == NULL) return;
  Allocator *a = vm->allocator;
  if (UNLIKELY(a->profiler != NULL)) profiler_released(a->profiler, memory_site(a, block, size), size, a->current);
  a->current -= size;
  vm->gc->debt -= (ptrdiff_t)size;
  give(a, block, size);
}

void *memory_try_resize(VM *vm, void *block, size_t old_size, size_t new_size) {
  Allocator *a = vm->allocator;
  if (new_size == 0) {
    memory_free(vm, block, old_size);
    return NULL;
  }
  if (new_size > old_size && (a->current > a->limit || new_size - old_size > a->limit - a->current)) return NULL;
  bool is_new = block == NULL || old_size == 0;
  Resized resized = {0, 0};
  if (is_new)
    old_size = 0;
  else if (UNLIKELY(a->profiler != NULL))
    resized = profile_resizing(vm, block, old_size);
  void *moved;
  if (is_new) {
    moved = take(a, new_size);
  } else if (is_small(old_size) && is_small(new_size) && class_of(old_size) == class_of(new_size)) {
    moved = block;
  } else if (!is_small(old_size) && !is_small(new_size)) {
    moved = resize_large(block, new_size);
  } else {
    moved = take(a, new_size);
    if (moved != NULL) {
      memcpy(moved, block, old_size < new_size ? old_size : new_size);
      give(a, block, old_size);
    }
  }
  if (UNLIKELY(moved == NULL)) return NULL;
  if (UNLIKELY(a->profiler != NULL)) {
    if (is_new)
      profile_allocated(vm->current, moved, new_size);
    else
      profile_resized(a, resized, old_size, moved, new_size);
  }
  account(vm, a, old_size, new_size);
  return moved;
}

void *memory_resize(Thread *L, void *block, size_t old_size, size_t new_size) {
  void *moved = memory_try_resize(L->vm, block, old_size, new_size);
  if (UNLIKELY(moved == NULL && new_size > 0)) error_memory(L);
  return moved;
}

void *memory_array(Thread *L, void *block, size_t old_count, size_t new_count, size_t element) {
  if (new_count > SIZE_MAX / 2 / element) error_memory(L);
  return memory_resize(L, block, old_count * element, new_count * element);
}

void *memory_uncounted(size_t count, size_t element) { return calloc(count, element); }

void memory_uncounted_free(void *block) { free(block); }

Allocator *allocator_new(void) {
  Allocator *a = calloc(1, sizeof *a);
  if (a != NULL) a->limit = SIZE_MAX;
  return a;
}

void allocator_delete(Allocator *a) {
  for (Pool *pool = a->pools; pool != NULL;) {
    Pool *next = pool->next;
    memory_uncounted_free(pool->sites);
    pool_free(pool);
    pool = next;
  }
  free(a);
}

void *memory_first(Allocator *a, size_t size) {
  void *block = take(a, size);
  if (block != NULL) {
    memset(block, 0, size);
    a->current += size;
  }
  return block;
}

void memory_last(Allocator *a, void *block, size_t size) {
  a->current -= size;
  give(a, block, size);
}
