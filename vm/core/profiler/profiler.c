/* The profiler's counters: how they are attached, what the probes write, and how executions follow from them. */
#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif
#include "profiler.h"

#include <stdlib.h>
#include <string.h>
#if defined(_WIN32)
#include <windows.h>
#else
#include <time.h>
#endif

#include "cpu.h"
#include "memory/gc.h"
#include "memory/memory.h"
#include "objects/error.h"
#include "opcodes.h"

#define CALIBRATION_NS 4000000 /* enough to hold the stamps against the clock */

#define NS_PER_SECOND 1000000000u

#if defined(_WIN32)
uint64_t profiler_now_ns(void) {
  LARGE_INTEGER frequency, counter;
  QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&counter);
  uint64_t per_second = (uint64_t)frequency.QuadPart, now = (uint64_t)counter.QuadPart;
  return now / per_second * NS_PER_SECOND + now % per_second * NS_PER_SECOND / per_second;
}
#else
uint64_t profiler_now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;
}
#endif

/* Attaching */

bool profiler_grow(void *array_pointer, uint32_t count, uint32_t *capacity, size_t element) {
  if (count < *capacity) return true;
  void **array = array_pointer;
  uint32_t larger = *capacity < 32 ? 32 : *capacity * 2;
  void *moved = memory_uncounted(larger, element);
  if (moved == NULL) return false;
  if (count > 0) memcpy(moved, *array, count * element);
  memory_uncounted_free(*array);
  *array = moved;
  *capacity = larger;
  return true;
}

/* Attaching */

void profiler_attach(Thread *L, Proto *p) {
  Profiler *profiler = L->vm->profiler;
  if (profiler != NULL && profiler->running && !functions_attach(profiler, p)) error_memory(L);
}

void profiler_detach(Proto *p) {
  p->counts = NULL;
  p->taken = p->first_site = 0;
}

void profiler_forget(Proto *p) {
  if (p->counts == NULL) return;
  p->counts->entries += p->entries;
  profiler_detach(p);
}

/* Suspended frames.

   When a profile begins, a suspended coroutine's frames wait in an instruction that was executed before: what follows it
   will run without it, which is an early exit taken back. When the profile ends, frames that still wait are early
   exits. */

static void count_frame(const Frame *frame, uint64_t exits) {
  if (frame->kind != FRAME_LUA) return;
  Proto *p = frame->base[-1].luafn->proto;
  if (p->counts == NULL) return;
  if (frame->pc > p->code)
    p->counts->aborted[frame->pc - p->code - 1] += exits;
  else
    p->entries -= exits;
}

static void count_frames(const Thread *thread, uint64_t exits) {
  for (const Frame *frame = thread->frames; frame <= thread->frame; frame++) count_frame(frame, exits);
}

void profiler_count_suspended(VM *vm, uint64_t exits) {
  for (const Thread *thread = vm->threads; thread != NULL; thread = thread->next_thread) count_frames(thread, exits);
  count_frames(vm->main, exits);
}

void profiler_abandon_thread(VM *vm, const Thread *thread) {
  if (vm->profiler != NULL && vm->profiler->peak_thread == thread) vm->profiler->peak_thread = NULL;
  if (profiler_is_measuring(vm)) count_frames(thread, 1);
}

void profiler_abort_frame(const Frame *frame) { count_frame(frame, 1); }

/* The frame will leave early at its instruction, which an early exit takes for one that was executed. */
void profiler_not_begun(VM *vm, const Frame *frame) {
  if (!profiler_is_measuring(vm)) return;
  const Proto *p = frame->base[-1].luafn->proto;
  ProtoCounts *counts = p->counts;
  if (counts == NULL) return;
  size_t word = (size_t)(frame->pc - p->code) - 1;
  if (counts->not_begun == NULL) counts->not_begun = memory_uncounted(p->word_count, sizeof(uint64_t));
  if (counts->not_begun == NULL) return;
  counts->not_begun[word]++;
  counts->aborted[word]--;
  if (counts->every != NULL) counts->every[word]--;
  if (vm->mode == MODE_TRACE) profiler_opcode_end(vm->profiler);
}

/* Library functions */

/* The row of a library function; NULL if there is no memory for it. */
static BuiltinCount *builtin_count(Profiler *profiler, const char *name) {
  for (uint32_t i = 0; i < profiler->builtin_count; i++) {
    BuiltinCount *known = &profiler->builtins[i];
    if (known->name == name || strcmp(known->name, name) == 0) return known;
  }
  if (!profiler_grow(&profiler->builtins, profiler->builtin_count, &profiler->builtin_capacity, sizeof(BuiltinCount)))
    return NULL;
  BuiltinCount *b = &profiler->builtins[profiler->builtin_count++];
  *b = (BuiltinCount){.name = name};
  return b;
}

void profiler_keep_builtin(VM *vm, CFn *f) {
  BuiltinCount *b = f->calls > 0 && vm->profiler != NULL ? builtin_count(vm->profiler, f->name) : NULL;
  if (b == NULL) return;
  b->calls += f->calls;
  b->ticks += f->ticks;
  f->calls = f->ticks = 0;
}

static void keep_builtin_samples(Profiler *profiler) {
  const Samples *samples = sampler_samples(profiler->sampler);
  for (uint32_t i = 0; i < samples->builtin_count; i++) {
    if (samples->builtins[i].samples == 0) continue;
    BuiltinCount *b = builtin_count(profiler, samples->builtins[i].name);
    if (b == NULL) continue;
    b->samples += samples->builtins[i].samples;
    b->waiting += samples->builtins[i].waiting;
  }
}

static int by_name(const void *left, const void *right) {
  return strcmp(((const BuiltinCount *)left)->name, ((const BuiltinCount *)right)->name);
}

/* Start and stop */

static void clear_builtins(VM *vm) {
  for (Object *o = vm->gc->all; o != NULL; o = o->next)
    if (o->tag == TAG_CFN) ((CFn *)o)->calls = ((CFn *)o)->ticks = 0;
}

static bool calibrate(Profiler *profiler) {
  uint64_t first_ns = profiler_now_ns(), first_stamp = profiler_stamp();
  if (!calibrate_probe(&profiler->probe)) return false;
  uint64_t last_ns;
  do last_ns = profiler_now_ns();
  while (last_ns - first_ns < CALIBRATION_NS);
  uint64_t spent = profiler_stamp() - first_stamp;
  profiler->ns_per_tick = spent > 0 ? (double)(last_ns - first_ns) / (double)spent : 1.0;
  return true;
}

static enum ProfilerStart start(VM *vm, enum Mode mode, enum SamplerKind kind, uint64_t interval_ns, bool calibrates) {
  profiler_delete(vm);
  Profiler *profiler = memory_uncounted(1, sizeof(Profiler));
  if (profiler == NULL) return PROFILER_NO_MEMORY;
  vm->profiler = profiler;
  profiler->vm = vm;
  profiler->mode = mode;
  bool is_supported = true;
  if (mode == MODE_SAMPLE) profiler->sampler = sampler_new(vm, kind, interval_ns, &is_supported);
  sites_add(&profiler->sites, FIRST_SITE);
  sites_note_peak(&profiler->sites);
  bool is_complete = profiler->sites.array != NULL && memory_begin_sites(vm->allocator) &&
                     (mode != MODE_SAMPLE || profiler->sampler != NULL);
  clear_builtins(vm);
  if (!is_complete || !functions_attach_all(profiler) || (calibrates && !calibrate(profiler))) {
    profiler_delete(vm);
    return is_supported ? PROFILER_NO_MEMORY : PROFILER_NO_SAMPLER;
  }
  profiler_count_suspended(vm, (uint64_t)-1);
  profiler->started_bytes = profiler->current_bytes = profiler->peak_bytes = vm->allocator->current;
  profiler->sites.array[SITE_BEFORE].gone = (uint64_t)0 - profiler->started_bytes;
  profiler->running = true;
  vm->mode = mode;
  vm->allocator->profiler = profiler;
  profiler->started_ns = profiler_now_ns();
  return PROFILER_STARTED;
}

enum ProfilerStart profiler_start(VM *vm, enum Mode mode, enum SamplerKind kind, uint64_t interval_ns) {
  return start(vm, mode, kind, interval_ns, mode == MODE_TRACE);
}

enum ProfilerStart profiler_start_uncalibrated(VM *vm) {
  return start(vm, MODE_TRACE, SAMPLER_BEST, BEST_INTERVAL, false);
}

/* What is left on the heap. */
static void count_heap(VM *vm) {
  Profiler *profiler = vm->profiler;
  profiler_note_peak(profiler, vm->allocator->current); /* paused or not: no peak is below what is left */
  profiler->current_bytes = vm->allocator->current;
  sites_count_kinds(&profiler->sites, vm); /* without the memory for it the profile lacks the kinds */
}

void profiler_end_program(VM *vm) {
  Profiler *profiler = vm->profiler;
  if (profiler == NULL || !profiler->running || profiler->program_ended) return;
  profiler_zones_end(vm);
  count_heap(vm);
  profiler->program_ended = sites_end(&profiler->sites);
}

void profiler_stop(VM *vm) {
  Profiler *profiler = vm->profiler;
  if (profiler == NULL || !profiler->running) return;
  profiler_zones_end(vm);
  profiler_leave(vm);
  profiler_keep_chain(vm);
  profiler->stopped_ns = profiler_now_ns();
  if (!profiler->program_ended)
    count_heap(vm);
  else if (!profiler->paused)
    profiler_note_peak(profiler, vm->allocator->current);
  profiler->closing_bytes = (int64_t)(vm->allocator->current - profiler->current_bytes);
  sites_complete(&profiler->sites, profiler_allocated_bytes(profiler));
  profiler->running = false;
  vm->mode = MODE_OFF;
  vm->allocator->profiler = NULL;
  if (!profiler->paused) profiler_count_suspended(vm, 1);
  for (Object *o = vm->gc->all; o != NULL; o = o->next)
    if (o->tag == TAG_CFN) profiler_keep_builtin(vm, (CFn *)o);
  if (profiler->sampler != NULL) keep_builtin_samples(profiler);
  functions_complete(profiler);
  if (profiler->builtin_count > 0)
    qsort(profiler->builtins, profiler->builtin_count, sizeof(BuiltinCount), by_name);
}

void profiler_delete(VM *vm) {
  Profiler *profiler = vm->profiler;
  if (profiler == NULL) return;
  vm->allocator->profiler = NULL;
  vm->profiler = NULL;
  vm->mode = MODE_OFF;
  sampler_delete(profiler->sampler);
  functions_delete(profiler);
  memory_uncounted_free(profiler->builtins);
  profiler_zones_delete(profiler);
  sites_delete(&profiler->sites);
  memory_uncounted_free(profiler);
}

/* Whether times are told; the processor's is not for nothing. */
static bool has_clock(const Profiler *profiler) {
  return profiler->mode == MODE_SAMPLE || profiler->mode == MODE_TRACE;
}

void profiler_start_clock(Profiler *profiler) {
  if (!profiler->inside) return;
  profiler->last_ticks = &profiler->outside_ticks;
  profiler->last_stamp = profiler_stamp();
  profiler->away_ticks += profiler->last_stamp - profiler->paused_stamp;
  profiler->entered_ns = profiler_now_ns();
  profiler->entered_cpu_ns = has_clock(profiler) ? cpu_time_ns() : 0;
  sampler_enter(profiler->sampler);
}

void profiler_stop_clock(Profiler *profiler) {
  if (!profiler->inside) return;
  sampler_leave(profiler->sampler);
  profiler_opcode_end(profiler);
  profiler->cpu_ns = profiler_cpu_ns(profiler);
  profiler->run_ns = profiler_run_ns(profiler);
  profiler->entered_ns = 0;
  profiler->paused_stamp = profiler->last_stamp;
}

uint64_t profiler_run_ns(const Profiler *profiler) {
  return profiler->run_ns + (profiler->entered_ns != 0 ? profiler_now_ns() - profiler->entered_ns : 0);
}

uint64_t profiler_cpu_ns(const Profiler *profiler) {
  if (profiler->entered_ns == 0 || !has_clock(profiler) || profiler->cpu_ns == CPU_UNKNOWN) return profiler->cpu_ns;
  uint64_t now = cpu_time_ns();
  return now == CPU_UNKNOWN ? now : profiler->cpu_ns + (now - profiler->entered_cpu_ns);
}

void profiler_enter(VM *vm) {
  Profiler *profiler = vm->profiler;
  if (profiler == NULL || !profiler->running) return;
  profiler->inside = true;
  if (!profiler->paused) profiler_start_clock(profiler);
}

void profiler_leave(VM *vm) {
  Profiler *profiler = vm->profiler;
  if (profiler == NULL || !profiler->running || !profiler->inside) return;
  if (!profiler->paused) profiler_stop_clock(profiler);
  profiler->inside = false;
}

uint64_t profiler_elapsed_ns(const Profiler *profiler) {
  return (profiler->stopped_ns != 0 ? profiler->stopped_ns : profiler_now_ns()) - profiler->started_ns;
}

/* Memory */

uint32_t profiler_waiting_site(const VM *vm) {
  for (const Thread *thread = vm->current; thread != NULL; thread = thread->resumer) {
    const Frame *frame = thread->frame;
    if (frame == NULL) continue;
    while (frame > thread->frames && frame->kind != FRAME_LUA) frame--;
    if (frame->kind == FRAME_LUA) return profiler_site_of(frame);
  }
  return SITE_OUTSIDE;
}

uint32_t profiler_resized(Profiler *profiler, uint32_t running, uint32_t before, size_t old_size, size_t new_size) {
  Sites *sites = &profiler->sites;
  if (profiler->paused) {
    uint32_t site = new_size > old_size ? SITE_BEFORE : before;
    profiler->paused_bytes += (int64_t)(new_size - old_size);
    site_to_change(sites, before)->gone += old_size;
    site_to_change(sites, site)->gone -= new_size;
    return site;
  }
  size_t current = profiler->vm->allocator->current;
  if (new_size <= old_size) {
    profiler_released(profiler, before, old_size - new_size, current);
    return before;
  }
  if (old_size > 0) profiler_released(profiler, before, old_size, current);
  return profiler_allocated(profiler, running, new_size);
}

void profiler_collected(Profiler *profiler, uint64_t ticks, uint64_t bytes, uint64_t cycles, bool is_asked) {
  Sites *sites = &profiler->sites;
  uint64_t work = profiler->mode == MODE_SAMPLE || profiler->mode == MODE_TRACE ? ticks : bytes;
  profiler->collector.work += work;
  if (is_asked)
    site_to_change(sites, profiler_running_site(profiler->vm))->driven += work;
  else
    sites->cycle.work += work;
  profiler->collector.cycles += cycles;
  if (cycles > 0) sites_end_cycle(sites, profiler_allocated_bytes(profiler));
}

/* Time */

void profiler_opcode_begin(Profiler *profiler, uint64_t *ticks) {
  uint64_t stamp = profiler_stamp();
  *profiler->last_ticks += stamp - profiler->last_stamp;
  profiler->last_ticks = ticks;
  profiler->last_stamp = stamp;
}

void profiler_opcode_end(Profiler *profiler) { profiler_opcode_begin(profiler, &profiler->outside_ticks); }

uint64_t profiler_begin_activity(VM *vm, enum Activity activity) {
  atomic_store_explicit(&vm->activity, (uint8_t)activity, memory_order_relaxed);
  return profiler_is_measuring(vm) ? profiler_stamp() : 0;
}

uint64_t profiler_end_activity(VM *vm, uint64_t begun) {
  uint8_t activity = atomic_load_explicit(&vm->activity, memory_order_relaxed);
  atomic_store_explicit(&vm->activity, ACTIVITY_PROGRAM, memory_order_relaxed);
  sampler_go_on(profiler_sampler(vm));
  if (begun == 0) return 0;
  Profiler *profiler = vm->profiler;
  uint64_t spent = profiler_stamp() - begun;
  profiler->activity_ticks[activity] += spent;
  profiler->last_stamp += spent; /* not the running instruction's time, nor that of a library function */
  profiler->away_ticks += spent;
  return spent;
}

/* Executions */

static inline uint64_t both_words(const uint64_t *counters, uint32_t at, uint32_t words) {
  return words == 2 ? counters[at] + counters[at + 1] : counters[at];
}

/* Where the instruction at a word jumps to. */
static int64_t jump_target(const ProtoCounts *c, uint32_t at, const OpcodeRow *row) {
  int64_t next = (int64_t)at + row->words;
  return row->j == KIND_JUMP ? next + ((int32_t)c->code[at] >> 8) : next + (int32_t)c->code[at + 1];
}

/* What a jump hands on to its target is known before its own count, except for unconditional jumps forward: so these are
   left to the one pass in code order, and everything else is handed on before it. */
static bool is_forward_jump(uint32_t at, int64_t target, const OpcodeRow *row) {
  return row->flow == FLOW_JUMP && target > (int64_t)at;
}

void profiler_derive(const ProtoCounts *c, uint64_t *counts) {
  memset(counts, 0, c->word_count * sizeof(uint64_t));
  counts[0] = c->entries;
  const OpcodeRow *row;
  for (uint32_t at = 0; at < c->word_count; at += row->words) {
    row = &OPCODE_ROWS[c->code[at] & 0xFF];
    if (row->flow != FLOW_BRANCH && row->flow != FLOW_JUMP) continue;
    int64_t target = jump_target(c, at, row);
    if (!is_forward_jump(at, target, row)) counts[target] += both_words(c->taken, at, row->words);
  }
  for (uint32_t at = 0; at < c->word_count; at += row->words) {
    row = &OPCODE_ROWS[c->code[at] & 0xFF];
    if (c->not_begun != NULL) counts[at] -= c->not_begun[at];
    uint64_t leaving = counts[at] - both_words(c->aborted, at, row->words);
    uint32_t next = at + row->words;
    if (row->flow == FLOW_NEXT) {
      counts[next] += leaving;
    } else if (row->flow == FLOW_BRANCH) {
      counts[next] += leaving - both_words(c->taken, at, row->words);
    } else if (row->flow == FLOW_JUMP) {
      int64_t target = jump_target(c, at, row);
      if (is_forward_jump(at, target, row)) counts[target] += leaving;
    }
  }
}
