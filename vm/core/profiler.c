/* The profiler's counters: how they are attached, what the probes write, and how executions follow from them. */
#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif
#include "profiler.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "call.h"
#include "gc.h"
#include "memory.h"
#include "opcodes.h"

#define CALIBRATION_NS 4000000
#define CALIBRATION_ROUNDS 32
#define CALIBRATION_STEPS 512
#define CALIBRATION_PLACES 8

uint64_t profiler_now_ns(void) {
  struct timespec t;
#ifdef CLOCK_MONOTONIC
  clock_gettime(CLOCK_MONOTONIC, &t);
#else
  timespec_get(&t, TIME_UTC);
#endif
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Attaching */

/* Making a function is charged to the line where it begins: for debug.sethook and the like, as in the reference, it
   happens at its `end`. */
static void charge_lines(const Proto *p, uint32_t *lines) {
  memcpy(lines, p->lines, p->word_count * sizeof *lines);
  for (uint32_t at = 0; at < p->word_count; at += OPCODE_ROWS[p->code[at] & 0xFF].words)
    if ((p->code[at] & 0xFF) == OP_CLOSURE) lines[at] = (uint32_t)p->protos[p->code[at] >> 16]->first_line;
}

/* Counters of one function stand in one block behind their ProtoCounts. They are shifted by an odd number of cache lines
   that differs between functions: at a page's distance from the code they would evict it from the cache. */
static ProtoCounts *counts_new(Profiler *profiler, const Proto *p) {
  size_t words = p->word_count;
  size_t arrays = 2 + (profiler->mode == MODE_ORACLE || profiler->mode == MODE_TRACE || profiler->mode == MODE_SAMPLE);
  size_t shift = (2 * (p->id % 16) + 1) * 64;
  size_t size = sizeof(ProtoCounts) + shift + words * (arrays * sizeof(uint64_t) + sizeof(uint32_t));
  ProtoCounts *counts = memory_uncounted(1, size);
  if (counts == NULL) return NULL;
  uint64_t *next = (uint64_t *)((char *)(counts + 1) + shift);
  counts->taken = next;
  counts->aborted = next += words;
  if (profiler->mode == MODE_ORACLE) counts->every = next += words;
  if (profiler->mode == MODE_TRACE) counts->ticks = next += words;
  if (profiler->mode == MODE_SAMPLE) counts->samples = next += words;
  if (p->lines != NULL) charge_lines(p, counts->lines = (uint32_t *)(next + words));
  return counts;
}

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

/* How many of the functions by address begin at or before a saved pc. */
static uint32_t functions_before(const Profiler *profiler, const uint32_t *pc) {
  uint32_t low = 0, high = profiler->proto_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (pc < profiler->by_address[middle]->code)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

Proto *profiler_function_at(const Profiler *profiler, const uint32_t *pc) {
  uint32_t before = functions_before(profiler, pc);
  if (before == 0) return NULL;
  Proto *p = profiler->by_address[before - 1];
  return pc <= p->code + p->word_count ? p : NULL;
}

static bool attach(Profiler *profiler, Proto *p) {
  uint32_t count = profiler->proto_count;
  p->counts = counts_new(profiler, p);
  p->first_site = sites_add(&profiler->sites, p->word_count + 1);
  if (p->counts == NULL || p->first_site == 0) {
    profiler_detach(p);
    return false;
  }
  p->entries = 0;
  p->taken = (uintptr_t)p->counts->taken - 2 * (uintptr_t)p->code;
  sampler_lock(profiler->sampler);
  bool has_room = profiler_grow(&profiler->protos, count, &profiler->proto_capacity, sizeof(Proto *)) &&
                  profiler_grow(&profiler->by_address, count, &profiler->by_address_capacity, sizeof(Proto *));
  if (has_room) {
    Proto **place = profiler->by_address + functions_before(profiler, p->code);
    memmove(place + 1, place, (size_t)(profiler->by_address + count - place) * sizeof *place);
    *place = p;
    profiler->protos[profiler->proto_count++] = p;
  }
  sampler_unlock(profiler->sampler);
  if (!has_room) profiler_detach(p);
  return has_room;
}

void profiler_attach(Thread *L, Proto *p) {
  Profiler *profiler = L->vm->profiler;
  if (profiler != NULL && profiler->running && !attach(profiler, p)) error_memory(L);
}

void profiler_detach(Proto *p) {
  memory_uncounted_free(p->counts);
  p->counts = NULL;
  p->taken = p->first_site = 0;
}

static int by_id(const void *left, const void *right) {
  const Proto *a = *(Proto *const *)left, *b = *(Proto *const *)right;
  return a->id < b->id ? -1 : a->id > b->id;
}

/* Suspended frames.

   When a profile begins, a suspended coroutine's frames wait in an instruction that was executed before: what follows it
   will run without it, which is an early exit taken back. When the profile ends, frames that still wait are early
   exits. */

static void count_frames(Profiler *profiler, const Thread *thread, uint64_t exits) {
  if (thread->stack == NULL) return;
  for (const Frame *frame = thread->frames; frame <= thread->frame; frame++) {
    if (frame->kind != FRAME_LUA) continue;
    Proto *p = profiler_function_at(profiler, frame->pc);
    if (p == NULL) continue;
    if (frame->pc > p->code)
      p->counts->aborted[frame->pc - p->code - 1] += exits;
    else
      p->entries -= exits;
  }
}

void profiler_count_suspended(VM *vm, uint64_t exits) {
  for (const Object *o = vm->gc->all; o != NULL; o = o->next)
    if (o->tag == TAG_THREAD && o != (Object *)vm->main) count_frames(vm->profiler, (const Thread *)o, exits);
  count_frames(vm->profiler, vm->main, exits);
}

void profiler_abandon_thread(VM *vm, const Thread *thread) {
  if (vm->profiler != NULL && vm->profiler->peak_thread == thread) vm->profiler->peak_thread = NULL;
  if (profiler_is_measuring(vm)) count_frames(vm->profiler, thread, 1);
}

void profiler_abort_frame(const Frame *frame) {
  if (frame->kind != FRAME_LUA) return;
  Proto *p = frame->base[-1].luafn->proto;
  if (p->counts == NULL) return;
  if (frame->pc > p->code)
    p->counts->aborted[frame->pc - p->code - 1]++;
  else
    p->entries--;
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
  *b = (BuiltinCount){name, 0, 0, 0};
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
    BuiltinCount *b = builtin_count(profiler, samples->builtins[i].name);
    if (b != NULL) b->samples += samples->builtins[i].samples;
  }
}

static int by_name(const void *left, const void *right) {
  return strcmp(((const BuiltinCount *)left)->name, ((const BuiltinCount *)right)->name);
}

/* Start and stop */

static bool attach_all(VM *vm) {
  Profiler *profiler = vm->profiler;
  for (Object *o = vm->gc->all; o != NULL; o = o->next) {
    if (o->tag == TAG_CFN) ((CFn *)o)->calls = ((CFn *)o)->ticks = 0;
    if (o->tag == TAG_PROTO && !gc_is_dead(vm, o) && !attach(profiler, (Proto *)o)) return false;
  }
  return true;
}

static void clear(VM *vm) {
  Profiler *old = vm->profiler;
  if (old == NULL) return;
  for (uint32_t i = 0; i < old->proto_count; i++) profiler_detach(old->protos[i]);
  profiler_delete(vm);
}

enum ProfilerStart profiler_start(VM *vm, enum Mode mode, enum SamplerKind kind, uint64_t interval_ns) {
  clear(vm);
  Profiler *profiler = memory_uncounted(1, sizeof(Profiler));
  if (profiler == NULL) return PROFILER_NO_MEMORY;
  vm->profiler = profiler;
  profiler->vm = vm;
  profiler->mode = mode;
  bool is_supported = true;
  if (mode == MODE_SAMPLE) profiler->sampler = sampler_new(vm, kind, interval_ns, &is_supported);
  sites_add(&profiler->sites, FIRST_SITE);
  bool is_complete = profiler->sites.array != NULL && memory_begin_sites(vm->allocator) &&
                     (mode != MODE_SAMPLE || profiler->sampler != NULL);
  if (!is_complete || !attach_all(vm)) {
    clear(vm);
    return is_supported ? PROFILER_NO_MEMORY : PROFILER_NO_SAMPLER;
  }
  if (mode == MODE_TRACE) profiler_calibrate(profiler);
  profiler_count_suspended(vm, (uint64_t)-1);
  profiler->started_bytes = profiler->current_bytes = profiler->peak_bytes = vm->allocator->current;
  profiler->sites.array[SITE_BEFORE].gone = (uint64_t)0 - profiler->started_bytes;
  profiler->running = true;
  vm->mode = mode;
  vm->allocator->profiler = profiler;
  profiler->started_ns = profiler_now_ns();
  return PROFILER_STARTED;
}

void profiler_stop(VM *vm) {
  Profiler *profiler = vm->profiler;
  if (profiler == NULL || !profiler->running) return;
  profiler_zones_end(vm);
  profiler_leave(vm);
  profiler_keep_chain(vm);
  profiler->stopped_ns = profiler_now_ns();
  if (!profiler->paused) profiler_note_peak(profiler, vm->allocator->current);
  profiler->current_bytes = vm->allocator->current;
  profiler->running = false;
  vm->mode = MODE_OFF;
  vm->allocator->profiler = NULL;
  if (!profiler->paused) profiler_count_suspended(vm, 1);
  sites_count_kinds(&profiler->sites, vm); /* without the memory for it the profile lacks the kinds */
  for (Object *o = vm->gc->all; o != NULL; o = o->next)
    if (o->tag == TAG_CFN) profiler_keep_builtin(vm, (CFn *)o);
  if (profiler->sampler != NULL) keep_builtin_samples(profiler);
  if (profiler->proto_count > 0) qsort(profiler->protos, profiler->proto_count, sizeof(Proto *), by_id);
  if (profiler->builtin_count > 0)
    qsort(profiler->builtins, profiler->builtin_count, sizeof(BuiltinCount), by_name);
}

/* The counters of functions go with the functions. */
void profiler_delete(VM *vm) {
  Profiler *profiler = vm->profiler;
  if (profiler == NULL) return;
  vm->allocator->profiler = NULL;
  vm->profiler = NULL;
  vm->mode = MODE_OFF;
  sampler_delete(profiler->sampler);
  memory_uncounted_free(profiler->protos);
  memory_uncounted_free(profiler->by_address);
  memory_uncounted_free(profiler->builtins);
  profiler_zones_delete(profiler);
  sites_delete(&profiler->sites);
  memory_uncounted_free(profiler);
}

void profiler_start_clock(Profiler *profiler) {
  if (!profiler->inside) return;
  profiler->last_ticks = &profiler->outside_ticks;
  profiler->last_stamp = profiler_stamp();
  profiler->away_ticks += profiler->last_stamp - profiler->paused_stamp;
  profiler->entered_ns = profiler_now_ns();
  sampler_enter(profiler->sampler);
}

void profiler_stop_clock(Profiler *profiler) {
  if (!profiler->inside) return;
  sampler_leave(profiler->sampler);
  profiler_opcode_end(profiler);
  profiler->run_ns = profiler_run_ns(profiler);
  profiler->entered_ns = 0;
  profiler->paused_stamp = profiler->last_stamp;
}

uint64_t profiler_run_ns(const Profiler *profiler) {
  return profiler->run_ns + (profiler->entered_ns != 0 ? profiler_now_ns() - profiler->entered_ns : 0);
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

/* Time */

void profiler_opcode_begin(Profiler *profiler, uint64_t *ticks) {
  uint64_t stamp = profiler_stamp();
  *profiler->last_ticks += stamp - profiler->last_stamp;
  profiler->last_ticks = ticks;
  profiler->last_stamp = stamp;
}

void profiler_opcode_end(Profiler *profiler) { profiler_opcode_begin(profiler, &profiler->outside_ticks); }

/* What so many steps take that are as long as an instruction, two loads that depend on each other, with a probe at
   each if there are counters for it. */
static uint64_t steps_ticks(Profiler *profiler, uint64_t *ticks, uint32_t *at) {
  static const uint32_t next[CALIBRATION_PLACES] = {5, 3, 7, 6, 0, 2, 1, 4};
  const volatile uint32_t *places = next;
  uint64_t begun = profiler_stamp();
  for (int i = 0; i < CALIBRATION_STEPS; i++) {
    *at = places[places[*at]];
    if (ticks != NULL) profiler_opcode_begin(profiler, &ticks[i & 1]);
  }
  return profiler_stamp() - begun;
}

/* A probe beside the work of an instruction costs less than one behind another probe, as the processor does both at once.
   The least of many short rounds: whatever disturbs a round makes it longer. */
void profiler_calibrate(Profiler *profiler) {
  uint64_t first_ns = profiler_now_ns(), first_stamp = profiler_stamp();
  uint64_t ticks[2] = {0, 0};
  uint64_t without = UINT64_MAX, with = UINT64_MAX;
  uint64_t outside = profiler->outside_ticks;
  uint32_t at = 0;
  profiler->last_ticks = &ticks[0];
  for (int round = 0; round < CALIBRATION_ROUNDS; round++) {
    uint64_t spent = steps_ticks(profiler, NULL, &at);
    if (spent < without) without = spent;
    spent = steps_ticks(profiler, ticks, &at);
    if (spent < with) with = spent;
  }
  profiler->probe_ticks = with > without ? (double)(with - without) / CALIBRATION_STEPS : 0;
  profiler->last_ticks = &profiler->outside_ticks;
  profiler->outside_ticks = outside;
  uint64_t last_ns;
  do last_ns = profiler_now_ns();
  while (last_ns - first_ns < CALIBRATION_NS);
  uint64_t spent = profiler_stamp() - first_stamp;
  profiler->ns_per_tick = spent > 0 ? (double)(last_ns - first_ns) / (double)spent : 1.0;
}

/* Executions */

static inline uint64_t both_words(const uint64_t *counters, uint32_t at, uint32_t words) {
  return words == 2 ? counters[at] + counters[at + 1] : counters[at];
}

/* Where the instruction at a word jumps to. */
static int64_t jump_target(const Proto *p, uint32_t at, const OpcodeRow *row) {
  int64_t next = (int64_t)at + row->words;
  return row->j == KIND_JUMP ? next + ((int32_t)p->code[at] >> 8) : next + (int32_t)p->code[at + 1];
}

/* What a jump hands on to its target is known before its own count, except for unconditional jumps forward: so these are
   left to the one pass in code order, and everything else is handed on before it. */
static bool is_forward_jump(uint32_t at, int64_t target, const OpcodeRow *row) {
  return row->flow == FLOW_JUMP && target > (int64_t)at;
}

void profiler_derive(const Proto *p, uint64_t *counts) {
  memset(counts, 0, p->word_count * sizeof(uint64_t));
  const ProtoCounts *c = p->counts;
  if (c == NULL) return;
  counts[0] = p->entries;
  const OpcodeRow *row;
  for (uint32_t at = 0; at < p->word_count; at += row->words) {
    row = &OPCODE_ROWS[p->code[at] & 0xFF];
    if (row->flow != FLOW_BRANCH && row->flow != FLOW_JUMP) continue;
    int64_t target = jump_target(p, at, row);
    if (!is_forward_jump(at, target, row)) counts[target] += both_words(c->taken, at, row->words);
  }
  for (uint32_t at = 0; at < p->word_count; at += row->words) {
    row = &OPCODE_ROWS[p->code[at] & 0xFF];
    uint64_t leaving = counts[at] - both_words(c->aborted, at, row->words);
    uint32_t next = at + row->words;
    if (row->flow == FLOW_NEXT) {
      counts[next] += leaving;
    } else if (row->flow == FLOW_BRANCH) {
      counts[next] += leaving - both_words(c->taken, at, row->words);
    } else if (row->flow == FLOW_JUMP) {
      int64_t target = jump_target(p, at, row);
      if (is_forward_jump(at, target, row)) counts[target] += leaving;
    }
  }
}
