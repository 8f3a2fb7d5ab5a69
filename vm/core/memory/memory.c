/* The one allocator. Small blocks come from pools by size class, because freeing tells the size and Lua programs live on
   small blocks; large ones come from the C library.

   While a profile runs every block has a site, the instruction that allocated it: a large block's stands in the header
   that all large blocks have, a small block's in a table beside its pool, which is found through the pool's address. */
#ifdef __linux__
#define _DEFAULT_SOURCE /* for madvise */
#include <sys/mman.h>
#endif

#include "memory.h"

#include <stdlib.h>
#ifdef _WIN32
#include <malloc.h>
#endif
#include <string.h>

#include "gc.h"
#include "objects/error.h"
#include "profiler/profiler.h"

#define POOL_SIZE (64 * 1024) /* and alignment */
#define ARENA_SIZE (2 * 1024 * 1024) /* and alignment: those of a large page */
#define POOLS_BEFORE_ARENAS 128
#define LINE 64 /* of a cache: blocks of a multiple of it begin where one does, and so are made */
#define RUN 512 /* bytes at a time: what is left before them is for smaller blocks */

/* In a build with the address sanitizer what nobody may touch in a pool is poisoned: free blocks, and what a block has
   more than was asked for. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_CHECKED 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define IS_CHECKED 1
#endif
#ifdef IS_CHECKED
#include <sanitizer/asan_interface.h>
#define POISON(at, size) ASAN_POISON_MEMORY_REGION((at), (size))
#define UNPOISON(at, size) ASAN_UNPOISON_MEMORY_REGION((at), (size))
#else
#define POISON(at, size) ((void)0)
#define UNPOISON(at, size) ((void)0)
#endif

/* In a build that tests emergencies: whether an allocation is refused at first. */
#ifdef PERILUNE_EMERGENCY
static inline bool is_refused(const VM *vm) {
  static _Thread_local unsigned count;
  return vm->gc->complete && ++count % PERILUNE_EMERGENCY == 0;
}
#else
static inline bool is_refused(const VM *vm) {
  (void)vm;
  return false;
}
#endif

typedef struct Pool {
  _Alignas(16) struct Pool *next; /* and so are the blocks behind it */
  void *block; /* to be freed with it; NULL: the arena's first pool does that */
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

#ifdef PERILUNE_NO_POOLS /* sanitizers see most if the C library hands every block out: blocks have gaps between them */
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

/* The pools of a large heap lie side by side in large pages, where a system has them if it is asked: a program that reads
   here and there in its heap, and the collector, wait less for page tables. NULL if that cannot be. */
static Pool *arena_allocate(Allocator *a) {
#ifdef MADV_HUGEPAGE
  char *block = a->pool_count < POOLS_BEFORE_ARENAS ? NULL : aligned_alloc(ARENA_SIZE, ARENA_SIZE);
  if (block == NULL) return NULL;
  (void)madvise(block, ARENA_SIZE, MADV_HUGEPAGE);
  a->arena = block + POOL_SIZE;
  a->arena_end = block + ARENA_SIZE;
  return (Pool *)block;
#else
  (void)a;
  return NULL;
#endif
}

/* Pools of one arena follow each other on the list of pools, its first one last. */
static Pool *own_pool_allocate(Allocator *a) {
  Pool *pool;
  if (a->arena != a->arena_end) {
    pool = (Pool *)a->arena;
    a->arena += POOL_SIZE;
    pool->block = NULL;
    return pool;
  }
  pool = arena_allocate(a);
  if (pool == NULL) pool = pool_allocate();
  if (pool != NULL) pool->block = pool;
  return pool;
}

static uint32_t *sites_new(void) { return memory_uncounted(POOL_SIZE / 16, sizeof(uint32_t)); }

/* What a host's function gives need not be aligned: so this is twice as large. */
static Pool *host_pool_allocate(const Allocator *a) {
  char *block = a->allocate(a->context, NULL, 0, 2 * POOL_SIZE);
  if (block == NULL) return NULL;
  Pool *pool = (Pool *)(((uintptr_t)block + POOL_SIZE - 1) & ~(uintptr_t)(POOL_SIZE - 1));
  pool->block = block;
  return pool;
}

static void pool_delete(const Allocator *a, Pool *pool) {
  memory_uncounted_free(pool->sites);
  if (a->allocate != NULL)
    a->allocate(a->context, pool->block, 2 * POOL_SIZE, 0);
  else if (pool->block != NULL)
    pool_free(pool->block);
}

static Pool *pool_new(Allocator *a) {
  uint32_t *sites = a->profiler != NULL ? sites_new() : NULL;
  if (a->profiler != NULL && sites == NULL) return NULL;
  Pool *pool = a->allocate != NULL ? host_pool_allocate(a) : own_pool_allocate(a);
  if (pool == NULL) {
    memory_uncounted_free(sites);
    return NULL;
  }
  pool->sites = sites;
  pool->next = a->pools;
  a->pool_count++;
  POISON(pool + 1, POOL_SIZE - sizeof *pool);
  return a->pools = pool;
}

static inline void put_free(Allocator *a, void *block, size_t class) {
  UNPOISON(block, sizeof(void *));
  *(void **)block = a->free[class];
  a->free[class] = block;
  POISON(block, class * 16);
}

/* Hands so many of the fresh bytes to the free blocks. */
static void put_fresh(Allocator *a, size_t bytes) {
  while (bytes >= 16) {
    size_t class = bytes / 16 < SIZE_CLASSES ? bytes / 16 : SIZE_CLASSES - 1;
    put_free(a, a->fresh, class);
    a->fresh += class * 16;
    bytes -= class * 16;
  }
}

/* Bytes from the fresh ones up to the next multiple of `alignment`. */
static inline size_t gap_before(const Allocator *a, size_t alignment) { return -(uintptr_t)a->fresh & (alignment - 1); }

static NOINLINE void *pool_block(Allocator *a, size_t bytes) {
  size_t alignment = bytes % LINE == 0 ? LINE : 16;
  size_t run = alignment == LINE && bytes < RUN ? RUN / bytes * bytes : bytes;
  if ((size_t)(a->fresh_end - a->fresh) < gap_before(a, alignment) + run) {
    put_fresh(a, (size_t)(a->fresh_end - a->fresh));
    Pool *pool = pool_new(a);
    if (pool == NULL) return NULL;
    a->fresh = (char *)(pool + 1);
    a->fresh_end = (char *)pool + POOL_SIZE;
  }
  put_fresh(a, gap_before(a, alignment));
  char *block = a->fresh;
  a->fresh += run;
  for (size_t at = run - bytes; at > 0; at -= bytes) put_free(a, block + at, bytes / 16);
  return block;
}

/* The next block that is taken is asked for ahead. */
static inline void prefetch(const void *block) {
#if defined(__GNUC__) || defined(__clang__)
  __builtin_prefetch(block, 1);
#else
  (void)block;
#endif
}

static inline void *take_free(Allocator *a, size_t class) {
  void *block = a->free[class];
  if (UNLIKELY(block == NULL)) return NULL;
  UNPOISON(block, sizeof(void *));
  void *next = *(void **)block;
  a->free[class] = next;
  prefetch(next);
  return block;
}

static inline void *take_small(Allocator *a, size_t size) {
  size_t class = class_of(size);
  void *block = take_free(a, class);
  if (UNLIKELY(block == NULL)) block = pool_block(a, class * 16);
  if (block != NULL) {
    POISON(block, class * 16);
    UNPOISON(block, size);
  }
  return block;
}

static inline void give_small(Allocator *a, void *block, size_t size) {
  put_free(a, block, class_of(size));
}

/* Large blocks */

static void *large_allocate(const Allocator *a, size_t size) {
  return UNLIKELY(a->allocate != NULL) ? a->allocate(a->context, NULL, 0, size) : malloc(size);
}

static inline void *take_large(const Allocator *a, size_t size) {
  LargeHeader *header = size <= SIZE_MAX - sizeof(LargeHeader) ? large_allocate(a, sizeof(LargeHeader) + size) : NULL;
  if (header == NULL) return NULL;
  header->profile = 0;
  return header + 1;
}

/* The header moves with its block. */
static void *resize_large(const Allocator *a, void *block, size_t old_size, size_t size) {
  if (size > SIZE_MAX - sizeof(LargeHeader)) return NULL;
  LargeHeader *header = (LargeHeader *)block - 1;
  if (UNLIKELY(a->allocate != NULL))
    header = a->allocate(a->context, header, sizeof(LargeHeader) + old_size, sizeof(LargeHeader) + size);
  else
    header = realloc(header, sizeof(LargeHeader) + size);
  return header != NULL ? header + 1 : NULL;
}

static inline void give_large(const Allocator *a, void *block, size_t size) {
  LargeHeader *header = (LargeHeader *)block - 1;
  if (UNLIKELY(a->allocate != NULL))
    a->allocate(a->context, header, sizeof(LargeHeader) + size, 0);
  else
    free(header);
}

static inline void *take(Allocator *a, size_t size) { return is_small(size) ? take_small(a, size) : take_large(a, size); }

static inline void give(Allocator *a, void *block, size_t size) {
  if (is_small(size))
    give_small(a, block, size);
  else
    give_large(a, block, size);
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
  uint32_t site = profiler_site_of(frame);
  if (UNLIKELY(site_is_stale(&a->profiler->sites, site))) return profile_allocated_elsewhere(a, block, size);
  set_site(a, block, size, profiler_allocated_at(a->profiler, site, size));
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

/* When the limit or the system has refused `more` bytes: true if a collection may have made room. */
static bool make_room(VM *vm, size_t more) { return more <= vm->allocator->limit && gc_emergency(vm); }

static inline bool fits(const Allocator *a, size_t more) { return a->current <= a->limit && more <= a->limit - a->current; }

static NOINLINE void *allocate_in_emergency(Thread *L, size_t size) {
  VM *vm = L->vm;
  Allocator *a = vm->allocator;
  void *block = make_room(vm, size) && fits(a, size) ? take(a, size) : NULL;
  if (block == NULL) error_memory(L);
  account(vm, a, 0, size);
  return a->profiler != NULL ? profile_allocated(L, block, size) : block;
}

static NOINLINE void *allocate_slowly(Thread *L, size_t size) {
  VM *vm = L->vm;
  Allocator *a = vm->allocator;
  if (size == 0) return NULL;
  if (UNLIKELY(!fits(a, size))) return allocate_in_emergency(L, size);
  void *block = take(a, size);
  if (UNLIKELY(block == NULL)) return allocate_in_emergency(L, size);
  account(vm, a, 0, size);
  return UNLIKELY(a->profiler != NULL) ? profile_allocated(L, block, size) : block;
}

/* Most blocks are small ones that were free: that is done without a call. */
void *memory_allocate(Thread *L, size_t size) {
  VM *vm = L->vm;
  Allocator *a = vm->allocator;
  if (is_refused(vm) && size > 0) return allocate_in_emergency(L, size);
  if (UNLIKELY(!is_small(size) || a->free[class_of(size)] == NULL || a->current + size > a->limit))
    return allocate_slowly(L, size);
  void *block = take_small(a, size);
  account(vm, a, 0, size);
  return UNLIKELY(a->profiler != NULL) ? profile_allocated(L, block, size) : block;
}

static inline void release(VM *vm, Allocator *a, void *block, size_t size) {
  a->current -= size;
  vm->gc->debt -= (ptrdiff_t)size;
  give(a, block, size);
}

static NOINLINE void profile_release(VM *vm, void *block, size_t size) {
  Allocator *a = vm->allocator;
  profiler_released(a->profiler, memory_site(a, block, size), size, a->current);
  release(vm, a, block, size);
}

void memory_free(VM *vm, void *block, size_t size) {
  if (block == NULL) return;
  Allocator *a = vm->allocator;
  if (UNLIKELY(a->profiler != NULL))
    profile_release(vm, block, size);
  else
    release(vm, a, block, size);
}

void *memory_resize_at_once(VM *vm, void *block, size_t old_size, size_t new_size) {
  Allocator *a = vm->allocator;
  if (new_size == 0) {
    memory_free(vm, block, old_size);
    return NULL;
  }
  if (new_size > old_size && !fits(a, new_size - old_size)) return NULL;
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
    POISON(moved, class_of(new_size) * 16);
    UNPOISON(moved, new_size);
  } else if (!is_small(old_size) && !is_small(new_size)) {
    moved = resize_large(a, block, old_size, new_size);
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

void *memory_try_resize(VM *vm, void *block, size_t old_size, size_t new_size) {
  bool grows = new_size > old_size;
  void *moved = grows && is_refused(vm) ? NULL : memory_resize_at_once(vm, block, old_size, new_size);
  if (UNLIKELY(moved == NULL && grows) && make_room(vm, new_size - old_size))
    moved = memory_resize_at_once(vm, block, old_size, new_size);
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

Allocator *allocator_new(HostAllocate allocate, void *context) {
  Allocator *a = allocate != NULL ? allocate(context, NULL, 0, sizeof *a) : malloc(sizeof *a);
  if (a == NULL) return NULL;
  memset(a, 0, sizeof *a);
  a->limit = SIZE_MAX;
  a->allocate = allocate;
  a->context = context;
  return a;
}

void allocator_delete(Allocator *a) {
  for (Pool *pool = a->pools; pool != NULL;) {
    Pool *next = pool->next;
    pool_delete(a, pool);
    pool = next;
  }
  if (a->allocate != NULL)
    a->allocate(a->context, a, sizeof *a, 0);
  else
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
