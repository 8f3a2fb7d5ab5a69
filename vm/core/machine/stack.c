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

/* With the sampler locked out, which a collection would keep waiting. NULL, without the lock, if a stack cannot shrink: it
   stays as large as it is. */
static Value *slots_resize(Thread *L, Sampler *sampler, size_t old_size, size_t size) {
  for (bool is_last = false;; is_last = true) {
    sampler_lock(sampler);
    Value *stack = memory_resize_at_once(L->vm, L->stack, old_size * sizeof *stack, size * sizeof *stack);
    if (LIKELY(stack != NULL)) return stack;
    sampler_unlock(sampler);
    if (size < old_size) return NULL;
    if (is_last || !gc_emergency(L->vm)) error_memory(L);
  }
}

static void stack_resize(Thread *L, size_t size) {
  Value *old = L->stack;
  size_t old_size = (size_t)(L->stack_limit - old) + STACK_SPARE;
  Sampler *sampler = profiler_sampler(L->vm);
  Value *stack = slots_resize(L, sampler, old_size, size);
  if (stack == NULL) return;
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
  Frame *frames = count < old_count ? memory_resize_at_once(L->vm, NULL, 0, count * sizeof *frames)
                                    : memory_array(L, NULL, 0, count, sizeof *frames);
  if (frames == NULL) return; /* they stay as many as they are */
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


