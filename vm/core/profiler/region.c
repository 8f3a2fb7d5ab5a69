/* Which part of a run is measured: pausing a profile and going on with it, and zones that the program names. */
#include "profiler.h"

#include <stdlib.h>
#include <string.h>

#include "memory/memory.h"

bool profiler_is_measuring(const VM *vm) {
  return vm->profiler != NULL && vm->profiler->running && !vm->profiler->paused;
}

/* As if the profile ended here: what is under way leaves early, and the loop that counts nothing goes on. */
void profiler_pause(VM *vm) {
  if (!profiler_is_measuring(vm)) return;
  Profiler *profiler = vm->profiler;
  profiler_stop_clock(profiler);
  profiler_keep_chain(vm);
  profiler_count_suspended(vm, 1);
  profiler_note_peak(profiler, vm->allocator->current);
  profiler->paused = true;
  vm->mode = MODE_OFF;
  vm_interrupt(vm, 0);
}

/* As if it began here. */
void profiler_resume(VM *vm) {
  Profiler *profiler = vm->profiler;
  if (profiler == NULL || !profiler->running || !profiler->paused) return;
  profiler_count_suspended(vm, (uint64_t)-1);
  profiler->paused = false;
  vm->mode = profiler->mode;
  profiler_note_peak(profiler, vm->allocator->current);
  profiler_start_clock(profiler);
  vm_interrupt(vm, 0);
}

/* Zones */

static uint32_t find_zone(Profiler *profiler, const char *name, size_t length) {
  for (uint32_t i = 0; i < profiler->zone_count; i++)
    if (profiler->zones[i].length == length && memcmp(profiler->zones[i].name, name, length) == 0) return i;
  if (!profiler_grow(&profiler->zones, profiler->zone_count, &profiler->zone_capacity, sizeof(Zone))) return NO_ZONE;
  char *kept = memory_uncounted(1, length + 1);
  if (kept == NULL) return NO_ZONE;
  memcpy(kept, name, length);
  profiler->zones[profiler->zone_count] = (Zone){.name = kept, .length = length};
  return profiler->zone_count++;
}

uint32_t profiler_zone_begin(VM *vm, const char *name, size_t length) {
  Profiler *profiler = vm->profiler;
  if (profiler == NULL || !profiler->running) return NO_ZONE;
  uint32_t index = find_zone(profiler, name, length);
  if (index == NO_ZONE) return NO_ZONE;
  Zone *zone = &profiler->zones[index];
  if (!profiler->paused) zone->calls++;
  if (zone->open++ > 0) return index; /* inside itself */
  zone->begun_ns = profiler_run_ns(profiler);
  zone->begun_cpu_ns = profiler_cpu_ns(profiler);
  zone->begun_bytes = profiler_allocated_bytes(profiler);
  zone->begun_allocations = profiler->allocations;
  return index;
}

void profiler_zone_end(VM *vm, uint32_t index) {
  const Profiler *profiler = vm->profiler;
  Zone *zone = &profiler->zones[index];
  if (zone->open == 0 || --zone->open > 0) return;
  zone->cpu_ns += profiler_cpu_ns(profiler) - zone->begun_cpu_ns;
  zone->ns += profiler_run_ns(profiler) - zone->begun_ns;
  zone->allocated_bytes += profiler_allocated_bytes(profiler) - zone->begun_bytes;
  zone->allocations += profiler->allocations - zone->begun_allocations;
}

void profiler_zones_end(VM *vm) {
  for (uint32_t i = 0; i < vm->profiler->zone_count; i++) {
    if (vm->profiler->zones[i].open > 1) vm->profiler->zones[i].open = 1;
    profiler_zone_end(vm, i);
  }
}

void profiler_zones_delete(Profiler *profiler) {
  for (uint32_t i = 0; i < profiler->zone_count; i++) memory_uncounted_free(profiler->zones[i].name);
  memory_uncounted_free(profiler->zones);
}

/* The call chain at the stack's peak */

static void put_entry(Profiler *profiler, ChainEntry entry) {
  uint32_t half = CHAIN_ENTRIES / 2;
  uint64_t at = profiler->chain_count++;
  if (at >= CHAIN_ENTRIES) { /* the innermost half moves on */
    memmove(&profiler->chain[half], &profiler->chain[half + 1], (half - 1) * sizeof(ChainEntry));
    at = CHAIN_ENTRIES - 1;
  }
  profiler->chain[at] = entry;
}

static void put_frame(Profiler *profiler, const Frame *f, const uint32_t *pc) {
  if (f->kind == FRAME_LUA) {
    const Proto *p = f->base[-1].luafn->proto;
    if (p->counts != NULL) put_entry(profiler, (ChainEntry){p->id, profiler_line(p, profiler_word(p, pc)), NULL});
  } else if (f->cfn != NULL) {
    put_entry(profiler, (ChainEntry){0, 0, f->cfn->name});
  }
}

/* The calls of a thread, up to the frame with an index, and before them those of the threads that wait for it. What a
   deep stack has in its middle is only counted, so that a chain takes no longer than a few hundred entries do. */
static void put_thread(Profiler *profiler, const Thread *thread, size_t last, const uint32_t *pc) {
  const Thread *resumer = thread->resumer;
  if (resumer != NULL) put_thread(profiler, resumer, (size_t)(resumer->frame - resumer->frames), NULL);
  for (size_t i = 1; i <= last; i++) { /* 0 is the ground */
    if (i == CHAIN_ENTRIES && last - i > CHAIN_ENTRIES) {
      profiler->chain_count += last - i - CHAIN_ENTRIES;
      i = last - CHAIN_ENTRIES;
    }
    const Frame *f = &thread->frames[i];
    put_frame(profiler, f, i == last && pc != NULL ? pc : f->pc);
  }
}

void profiler_take_chain(Profiler *profiler) {
  const Thread *thread = profiler->peak_thread;
  if (thread == NULL || profiler->peak_frame > (size_t)(thread->frame - thread->frames)) return;
  profiler->chain_count = 0;
  profiler->chain_depth = profiler->peak_depth;
  put_thread(profiler, thread, profiler->peak_frame, profiler->peak_pc);
}

void profiler_raise_peak(Profiler *profiler, const Thread *L, size_t depth, const uint32_t *pc) {
  Frame *frame = L->frame;
  profiler->peak_depth = depth;
  profiler->peak_thread = L;
  profiler->peak_frame = (size_t)(frame - L->frames);
  profiler->peak_pc = frame->kind != FRAME_LUA ? NULL : pc != NULL ? pc : frame->pc;
  if (frame->kind == FRAME_LUA)
    frame->flags |= FRAME_PEAK;
  else
    profiler_take_chain(profiler); /* it may go unseen */
}
