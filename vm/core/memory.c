/* The one allocator. Small blocks come from pools by size class, because freeing tells the size and Lua programs live on
   small blocks; large ones come from the C library. */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "gc.h"
#include "profiler.h"

#define POOL_SIZE (64 * 1024)
#define POOL_HEADER 16

static inline size_t class_of(size_t size) { return (size + 15) / 16; }

#ifdef PERILUNE_NO_POOLS /* sanitizers see every block only if the C library hands it out */
static inline bool is_small(size_t size) {
  (void)size;
  return false;
}
#else
static inline bool is_small(size_t size) { return size <= SMALL_BLOCK; }
#endif

static NOINLINE void *pool_block(Allocator *a, size_t bytes) {
  if ((size_t)(a->fresh_end - a->fresh) < bytes) {
    while ((size_t)(a->fresh_end - a->fresh) >= 16) { /* hand the rest to the smaller classes */
      size_t rest = (size_t)(a->fresh_end - a->fresh);
      size_t class = rest / 16 < SIZE_CLASSES ? rest / 16 : SIZE_CLASSES - 1;
      *(void **)a->fresh = a->free[class];
      a->free[class] = a->fresh;
      a->fresh += class * 16;
    }
    char *pool = malloc(POOL_SIZE);
    if (pool == NULL) return NULL;
    *(void **)pool = a->pools;
    a->pools = pool;
    a->fresh = pool + POOL_HEADER;
    a->fresh_end = pool + POOL_SIZE;
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

static inline void account(VM *vm, Allocator *a, size_t old_size, size_t new_size) {
  a->current += new_size - old_size;
  vm->gc->debt += (ptrdiff_t)(new_size - old_size);
  if (a->current > a->peak) a->peak = a->current;
  if (UNLIKELY(a->profiler != NULL)) profiler_allocation(a->profiler, old_size, new_size);
}

void *memory_allocate(Thread *L, size_t size) {
  VM *vm = L->vm;
  Allocator *a = vm->allocator;
  if (size == 0) return NULL;
  if (UNLIKELY(size > a->limit - a->current || a->current > a->limit)) error_memory(L);
  void *block = is_small(size) ? take_small(a, size) : malloc(size);
  if (UNLIKELY(block == NULL)) error_memory(L);
  account(vm, a, 0, size);
  return block;
}

void memory_free(VM *vm, void *block, size_t size) {
  if (block == NULL) return;
  Allocator *a = vm->allocator;
  if (is_small(size))
    give_small(a, block, size);
  else
    free(block);
  account(vm, a, size, 0);
}

void *memory_try_resize(VM *vm, void *block, size_t old_size, size_t new_size) {
  Allocator *a = vm->allocator;
  if (new_size == 0) {
    memory_free(vm, block, old_size);
    return NULL;
  }
  if (new_size > old_size && (a->current > a->limit || new_size - old_size > a->limit - a->current)) return NULL;
  if (block == NULL) old_size = 0;
  void *moved;
  if (old_size > 0 && is_small(old_size) && is_small(new_size) && class_of(old_size) == class_of(new_size)) {
    account(vm, a, old_size, new_size);
    return block;
  }
  if (old_size > 0 && !is_small(old_size) && !is_small(new_size) && a->profiler == NULL) {
    moved = realloc(block, new_size);
    if (moved != NULL) account(vm, a, old_size, new_size);
    return moved;
  }
  moved = is_small(new_size) ? take_small(a, new_size) : malloc(new_size);
  if (moved == NULL) return NULL;
  account(vm, a, old_size, new_size); /* the profiler looks at the frames, which may be what stands in the old block */
  if (old_size > 0) {
    memcpy(moved, block, old_size < new_size ? old_size : new_size);
    if (is_small(old_size))
      give_small(a, block, old_size);
    else
      free(block);
  }
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
  for (void *pool = a->pools; pool != NULL;) {
    void *next = *(void **)pool;
    free(pool);
    pool = next;
  }
  free(a);
}

void *memory_first(Allocator *a, size_t size) {
  void *block = is_small(size) ? take_small(a, size) : malloc(size);
  if (block != NULL) {
    memset(block, 0, size);
    a->current += size;
  }
  return block;
}

void memory_last(Allocator *a, void *block, size_t size) {
  if (!is_small(size)) free(block);
  a->current -= size;
}
