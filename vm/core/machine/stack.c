/* The stacks of threads: their slots and frames, which grow and shrink. */
#include <string.h>

#include "call.h"
#include "collect.h"
#include "debuginfo.h"
#include "memory/gc.h"
#include "memory/memory.h"
#include "profiler/profiler.h"

#define SPARE_FRAMES 8 /* that memory_reclaim leaves */
#define LARGEST_STACK (MAX_STACK_SLOTS + STACK_SPARE)

static void stack_resize(Thread *L, size_t size) {
  Value *old = L->stack;
  size_t old_size = (size_t)(L->stack_limit - old) + STACK_SPARE;
  Sampler *sampler = profiler_sampler(L->vm);
  sampler_lock(sampler);
  Value *stack = memory_try_resize(L->vm, old, old_size * sizeof *stack, size * sizeof *stack);
  if (UNLIKELY(stack == NULL)) {
    sampler_unlock(sampler);
    error_memory(L);
  }
  for (size_t i = old_size; i < size; i++) {
    set_nil(&stack[i]);
    stack[i].spare = 0;
  }
  ptrdiff_t moved = (char *)stack - (char *)old;
#define REBASE(pointer) ((pointer) = (void *)((char *)(pointer) + moved))
  L->stack = stack;
  L->stack_limit = stack + size - STACK_SPARE;
  L->room = stack;
  REBASE(L->top);
  if (L->tbc_last != NULL) REBASE(L->tbc_last);
  for (Frame *f = L->frames; f <= L->frame; f++) REBASE(f->base);
  sampler_unlock(sampler);
  for (UpVal *u = L->open_upvalues; u != NULL; u = u->next_open) REBASE(u->v);
#undef REBASE
}

void stack_grow(Thread *L, size_t n) {
  size_t size = (size_t)(L->stack_limit - L->stack) + STACK_SPARE;
  size_t needed = (size_t)(L->top - L->stack) + n + STACK_SPARE;
  if (size > LARGEST_STACK) error_throw_status(L, STATUS_HANDLER); /* it overflowed again while that was handled */
  if (needed > LARGEST_STACK || n > MAX_STACK_SLOTS) {
    stack_resize(L, LARGEST_STACK + ERROR_SLOTS);
    error_runtime(L, "stack overflow");
  }
  size *= 2;
  if (size < needed) size = needed;
  if (size > LARGEST_STACK) size = LARGEST_STACK;
  stack_resize(L, size);
}

void stack_shrink(Thread *L) {
  size_t size = (size_t)(L->stack_limit - L->stack) + STACK_SPARE;
  size_t used = (size_t)(L->top - L->stack);
  if (size > LARGEST_STACK && used + STACK_SPARE < MAX_STACK_SLOTS / 2) stack_resize(L, LARGEST_STACK);
}

static void frames_resize(Thread *L, size_t count) {
  size_t old_count = (size_t)(L->frames_limit - L->frames) + 1;
  size_t index = (size_t)(L->frame - L->frames);
  Frame *old = L->frames;
  Frame *frames = memory_array(L, NULL, 0, count, sizeof *frames);
  memcpy(frames, old, (count < old_count ? count : old_count) * sizeof *frames);
  Sampler *sampler = profiler_sampler(L->vm);
  sampler_lock(sampler);
  L->frames = frames;
  L->frame = frames + index;
  L->frames_limit = frames + count - 1;
  L->fitting = L->frames_limit + 1;
  sampler_unlock(sampler);
  memory_free(L->vm, old, old_count * sizeof *frames);
}

void frames_grow(Thread *L) { frames_resize(L, 2 * ((size_t)(L->frames_limit - L->frames) + 1)); }

void memory_reclaim(Thread *L) {
  size_t slots = (size_t)(L->stack_limit - L->stack) + STACK_SPARE;
  size_t frames = (size_t)(L->frames_limit - L->frames) + 1;
  size_t slots_needed = 2 * ((size_t)(L->top - L->stack) + STACK_SPARE);
  size_t frames_needed = 2 * ((size_t)(L->frame - L->frames) + SPARE_FRAMES);
  if (slots_needed < slots / 2) stack_resize(L, slots_needed);
  if (frames_needed < frames / 2) frames_resize(L, frames_needed);
  gc_full(L);
}


