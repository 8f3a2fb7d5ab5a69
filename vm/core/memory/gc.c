/* The collector: incremental mark and sweep with two whites.

   Invariant while marking: no black object points to a white one; stores repair it with a barrier. Threads never become
   black, their stacks are written without barriers and are visited again in the atomic phase, which also clears the part
   of every stack above its live end, so that a stale slot never names a freed object. */
#include "gc.h"

#include <string.h>
#include <time.h>

#include "heap.h"
#include "liveness.h"
#include "memory.h"
#include "objects/str.h"
#include "objects/table.h"
#include "objects/upvalue.h"
#include "opcodes.h"
#include "profiler/profiler.h"

enum Phase { PHASE_PAUSE, PHASE_MARK, PHASE_SWEEP_ALL, PHASE_SWEEP_FINALIZABLE, PHASE_SWEEP_PENDING, PHASE_FINALIZE };

#define SWEEP_OBJECTS 128       /* objects looked at in one unit of sweeping */
#define PIECE 16384 /* places of a large table that are traversed in one unit of work */
#define OBJECT_COST 16          /* bytes of work that sweeping one object counts for: a sweep must outrun allocation */
#define PAUSE_PERCENT 200
#define STEP_MULTIPLIER 100 /* as programs see it; */
#define WORK_FACTOR 2       /* what a step does is so much more */
#define STEP_SIZE_LOG2 15
#define MOST_STEP_LOG2 40

/* What an operation may have in flight, which an emergency does not free: an operation has made or found no more objects
   before one that holds them all is on a stack, and has taken no more values off a stack. */
#define IN_FLIGHT_OBJECTS 4
#define IN_FLIGHT_SLOTS 8

static void mark_object(GC *gc, Object *o);

static inline void mark_value(GC *gc, const Value *v) {
  if (is_collectable(v) && is_white(v->object)) mark_object(gc, v->object);
}
#define MARK(gc, pointer)                                                                        \
  do {                                                                                           \
    if ((pointer) != NULL && is_white((Object *)(pointer))) mark_object(gc, (Object *)(pointer)); \
  } while (0)

static inline void make_black(Object *o) { o->marked = (uint8_t)((o->marked & ~WHITES) | BLACK); }
static inline void make_gray(Object *o) { o->marked &= (uint8_t)~(WHITES | BLACK); }
static inline void make_white(GC *gc, Object *o) {
  o->marked = (uint8_t)((o->marked & ~(WHITES | BLACK)) | gc->current_white);
}

void *gc_new_object(Thread *L, uint8_t tag, size_t size) {
  Object *o = memory_allocate(L, size);
  GC *gc = L->vm->gc;
  o->tag = tag;
  o->marked = gc->current_white;
  o->next = gc->all;
  gc->all = o;
  return o;
}

/* Before an object is swept: it has been marked, if it is not a new one. */
static void count_walked(const VM *vm, const Object *o) {
  if (is_white(o) || !profiler_is_measuring(vm)) return;
  HeapCount *walked = &vm->profiler->collector.walked[heap_kind(o)];
  walked->objects++;
  walked->bytes += heap_size(o);
}

static void count_freed(const VM *vm, const Object *o) {
  vm->profiler->collector.freed.objects++;
  vm->profiler->collector.freed.bytes += heap_size(o);
}

/* While sweeping: what was marked need not meet any further barriers. */
static void spare(VM *vm, Object *o) {
  count_walked(vm, o);
  make_white(vm->gc, o);
}

static Object **gray_link(Object *o) {
  switch (o->tag) {
    case TAG_TABLE: return &((Table *)o)->gray_next;
    case TAG_LUAFN: return &((LuaFn *)o)->gray_next;
    case TAG_CFN: return &((CFn *)o)->gray_next;
    case TAG_USERDATA: return &((Userdata *)o)->gray_next;
    case TAG_THREAD: return &((Thread *)o)->gray_next;
    default: return &((Proto *)o)->gray_next;
  }
}

static void link_gray(Object *o, Object **list) {
  *gray_link(o) = *list;
  *list = o;
  make_gray(o);
}

static void mark_object(GC *gc, Object *o) {
  switch (o->tag) {
    case TAG_STR:
    case TAG_LONGSTR: make_black(o); break;
    case TAG_UPVAL: /* an open one's slot is visited again with its thread */
      make_black(o);
      mark_value(gc, ((UpVal *)o)->v);
      break;
    default: link_gray(o, &gc->gray); break;
  }
}

void gc_barrier_forward(Thread *L, Object *from, Object *to) {
  GC *gc = L->vm->gc;
  if (gc->phase == PHASE_MARK)
    mark_object(gc, to);
  else
    spare(L->vm, from);
}

/* A large table is traversed piece by piece and stays black: visiting it again would be a long pause. */
static bool is_large(const Table *t) { return t->array_size > PIECE || t->node_mask >= PIECE; }

void gc_barrier_back(Thread *L, Table *t, const Value *v) {
  GC *gc = L->vm->gc;
  if (gc->phase != PHASE_MARK)
    spare(L->vm, (Object *)t);
  else if (is_large(t))
    mark_object(gc, v->object);
  else
    link_gray((Object *)t, &gc->gray_again);
}

/* --- traversal; each returns a measure of its work in bytes */

static void clear_key(Node *n) {
  if (n->key_tag >= TAG_STR && n->key_tag != TAG_DEADKEY) table_clear_key(n);
}

static bool is_cleared(GC *gc, const Value *v) {
  if (!is_collectable(v)) return false;
  if (is_string(v)) { /* strings are values: never weak */
    MARK(gc, v->object);
    return false;
  }
  return is_white(v->object);
}

static bool key_is_cleared(GC *gc, const Node *n) {
  if (n->key_tag < TAG_STR || n->key_tag == TAG_DEADKEY) return false;
  Value key = {{.bits = n->key}, n->key_tag, 0};
  return is_cleared(gc, &key);
}

static void mark_key(GC *gc, Node *n) {
  if (n->key_tag >= TAG_STR && n->key_tag != TAG_DEADKEY) MARK(gc, (Object *)(uintptr_t)n->key);
}

static void traverse_weak_values(GC *gc, Table *t) {
  bool has_white = t->array_size > 0;
  for (uint32_t i = 0; i <= t->node_mask; i++) {
    Node *n = &t->node[i];
    if (is_nil(&n->value)) {
      if (t->node != &empty_node) clear_key(n);
    } else {
      mark_key(gc, n);
      if (!has_white && is_cleared(gc, &n->value)) has_white = true;
    }
  }
  if (gc->atomic && has_white)
    link_gray((Object *)t, &gc->weak_values);
  else if (!gc->atomic)
    link_gray((Object *)t, &gc->gray_again);
}

static bool traverse_ephemeron(GC *gc, Table *t) {
  bool marked = false, has_clears = false, has_white_white = false;
  for (uint32_t i = 0; i < t->array_size; i++) {
    if (is_collectable(&t->array[i]) && is_white(t->array[i].object)) {
      marked = true;
      mark_object(gc, t->array[i].object);
    }
  }
  for (uint32_t i = 0; i <= t->node_mask; i++) {
    Node *n = &t->node[i];
    if (is_nil(&n->value)) {
      if (t->node != &empty_node) clear_key(n);
    } else if (key_is_cleared(gc, n)) {
      has_clears = true;
      if (is_collectable(&n->value) && is_white(n->value.object)) has_white_white = true;
    } else if (is_collectable(&n->value) && is_white(n->value.object)) {
      marked = true;
      mark_object(gc, n->value.object);
    }
  }
  if (!gc->atomic)
    link_gray((Object *)t, &gc->gray_again);
  else if (has_white_white)
    link_gray((Object *)t, &gc->ephemerons);
  else if (has_clears)
    link_gray((Object *)t, &gc->all_weak);
  return marked;
}

/* Marking and sweeping wait for memory: what comes next is asked for ahead. */
#define AHEAD 12
static inline void prefetch_object(const Object *o) {
#if defined(__GNUC__) || defined(__clang__)
  __builtin_prefetch(o);
#else
  (void)o;
#endif
}

static inline void prefetch(const Value *v) {
  if (is_collectable(v)) prefetch_object(v->object);
}

static void mark_array(GC *gc, const Table *t, uint32_t i, uint32_t end) {
  for (; i < end; i++) {
    if (i + AHEAD < end) prefetch(&t->array[i + AHEAD]);
    mark_value(gc, &t->array[i]);
  }
}

static void mark_nodes(GC *gc, Table *t, uint32_t i, uint32_t end) {
  if (t->node == &empty_node) return;
  for (; i < end; i++) {
    Node *n = &t->node[i];
    if (i + AHEAD < end) prefetch(&t->node[i + AHEAD].value);
    if (is_nil(&n->value)) {
      clear_key(n);
    } else {
      mark_key(gc, n);
      mark_value(gc, &n->value);
    }
  }
}

/* The table is black already, so that what is stored in one that is begun with meets the barrier. */
static void traverse_strong(GC *gc, Table *t) {
  if (is_large(t) && !gc->atomic) {
    gc->partial = t;
    gc->partial_done = 0;
    gc->partial_shape = *t;
  } else {
    mark_array(gc, t, 0, t->array_size);
    mark_nodes(gc, t, 0, t->node_mask + 1);
  }
}

static size_t traverse_piece(GC *gc) {
  Table *t = gc->partial;
  const Table *shape = &gc->partial_shape;
  if (t->array != shape->array || t->array_size != shape->array_size || t->node != shape->node ||
      t->node_mask != shape->node_mask) { /* values may have moved to where it has been */
    gc->partial = NULL;
    link_gray((Object *)t, &gc->gray_again);
    return OBJECT_COST;
  }
  uint64_t from = gc->partial_done, array = t->array_size, all = array + t->node_mask + 1;
  uint64_t end = from < array ? array : all;
  if (end - from > PIECE) end = from + PIECE;
  if (from < array)
    mark_array(gc, t, (uint32_t)from, (uint32_t)end);
  else
    mark_nodes(gc, t, (uint32_t)(from - array), (uint32_t)(end - array));
  gc->partial_done = end;
  if (end == all) gc->partial = NULL;
  return (size_t)(end - from) * sizeof(Node);
}

void gc_entry_moved(Thread *L, const Table *t, const Node *n) {
  GC *gc = L->vm->gc;
  if (gc->partial != t) return;
  mark_key(gc, (Node *)(uintptr_t)n);
  mark_value(gc, &n->value);
}

/* Tables that changed since they were visited go back to be visited: what the atomic phase finds again is little. */
static void rescan(GC *gc) {
  gc->rescanned = true;
  Object **link = &gc->gray_again;
  while (*link != NULL) {
    Object *o = *link;
    Object **next = gray_link(o);
    if (o->tag == TAG_TABLE) {
      *link = *next;
      *next = gc->gray;
      gc->gray = o;
    } else {
      link = next;
    }
  }
}

static size_t traverse_table(VM *vm, Table *t) {
  GC *gc = vm->gc;
  MARK(gc, t->meta);
  const Value *mode = t->meta != NULL ? table_get_short(t->meta, vm->metamethod_names[METAMETHOD_MODE]) : &nil_value;
  bool weak_keys = false, weak_values = false;
  if (is_string(mode)) {
    weak_keys = strchr(mode->str->text, 'k') != NULL;
    weak_values = strchr(mode->str->text, 'v') != NULL;
  }
  if (weak_keys && weak_values)
    link_gray((Object *)t, gc->atomic ? &gc->all_weak : &gc->gray_again);
  else if (weak_values)
    traverse_weak_values(gc, t);
  else if (weak_keys)
    traverse_ephemeron(gc, t);
  else
    traverse_strong(gc, t);
  if (gc->partial == t) return sizeof *t; /* each piece counts for itself */
  return sizeof *t + t->array_size * sizeof(Value) + (t->node_mask + (size_t)1) * sizeof(Node);
}

static size_t traverse_proto(GC *gc, Proto *p) {
  MARK(gc, p->source);
  MARK(gc, p->name);
  for (uint32_t i = 0; i < p->constant_count; i++) mark_value(gc, &p->constants[i]);
  for (uint32_t i = 0; p->upvalues != NULL && i < p->upvalue_count; i++) MARK(gc, p->upvalues[i].name);
  for (uint32_t i = 0; i < p->proto_count; i++) MARK(gc, p->protos[i]);
  for (uint32_t i = 0; i < p->local_count; i++) MARK(gc, p->locals[i].name);
  return sizeof *p + p->constant_count * sizeof(Value) + p->local_count * sizeof(LocalDesc);
}

Value *stack_end_in_use(const Thread *thread) {
  Value *end = thread->top;
  const Frame *f = thread->frame;
  if (f->kind == FRAME_LUA) {
    Value *frame_end = f->base + f->base[-1].luafn->proto->slots;
    if (frame_end > end) end = frame_end;
  }
  return end;
}

/* Whether an instruction leaves or takes values up to the thread's top. */
static bool has_open_values(uint32_t word) {
  uint32_t op = word & 0xFF;
  int a = (int)(word >> 8 & 0xFF), b = (int)(word >> 16 & 0xFF), c = (int)(word >> 24);
  return opcode_takes_open(op, a, b, c) >= 0 || opcode_leaves_open(op, a, b, c) >= 0;
}

/* Up to where the slots of a Lua frame are in use; `end` is where they end for what stands above it. What the running
   instruction needs and what the next one needs are both in use. */
static Value *live_end(const Thread *thread, const Frame *f, Value *end) {
  Proto *p = f->base[-1].luafn->proto;
  const uint8_t *live = live_slots(p);
  size_t at = (size_t)(f->pc - p->code);
  size_t next = f->flags & FRAME_JUMPS ? (size_t)((ptrdiff_t)at + (int32_t)f->pc[-1]) : at;
  if (live == NULL || (size_t)(f - thread->frames) == thread->hooked_frame) return end;
  if (at > 0 && has_open_values(f->pc[-1])) return end; /* these are one-word instructions */
  if (thread->failed && f == thread->frame) return end;  /* the error value lies on top */
  size_t slots = next < p->word_count ? live[next] : 0;
  if (at > 0 && live[at - 1] > slots) slots = live[at - 1];
  Value *result = f->base + slots;
  if (thread->open_upvalues != NULL && thread->open_upvalues->v >= result) result = thread->open_upvalues->v + 1;
  if (thread->tbc_last != NULL && thread->tbc_last >= result) result = thread->tbc_last + 1;
  return result < end ? result : end;
}

static size_t traverse_thread(VM *vm, Thread *thread) {
  GC *gc = vm->gc;
  if (thread->frames == NULL) return sizeof *thread; /* it is being made */
  Value *end = stack_end_in_use(thread), *limit = thread->stack_limit + STACK_SPARE;
  if (gc->emergency) end = limit - end > IN_FLIGHT_SLOTS ? end + IN_FLIGHT_SLOTS : limit;
  Value *v = thread->stack;
  for (const Frame *f = thread->frames; f <= thread->frame; f++) {
    if (f->kind != FRAME_LUA) {
      MARK(gc, f->cfn); /* its slot may have been overwritten by results already */
      continue;
    }
    Value *frame_end = f < thread->frame ? f[1].base - 1 - f[1].shift : end;
    Value *live = gc->emergency && f == thread->frame ? frame_end : live_end(thread, f, frame_end);
    for (; v < live; v++) mark_value(gc, v);
    if (!gc->atomic)
      v = frame_end;
    else
      for (; v < frame_end; v++) set_nil(v);
  }
  for (; v < end; v++) mark_value(gc, v);
  for (UpVal *u = thread->open_upvalues; u != NULL; u = u->next_open) MARK(gc, u);
  MARK(gc, thread->resumer);
  if (gc->atomic) {
    for (v = end; v < limit; v++) set_nil(v);
  } else {
    link_gray((Object *)thread, &gc->gray_again);
  }
  return sizeof *thread + (size_t)(end - thread->stack) * sizeof(Value);
}

static size_t propagate_one(VM *vm) {
  GC *gc = vm->gc;
  Object *o = gc->gray;
  gc->gray = *gray_link(o);
  make_black(o);
  switch (o->tag) {
    case TAG_TABLE: return traverse_table(vm, (Table *)o);
    case TAG_LUAFN: {
      LuaFn *f = (LuaFn *)o;
      MARK(gc, f->proto);
      for (int i = 0; i < f->upvalue_count; i++) MARK(gc, f->upvalues[i]);
      return sizeof *f + f->upvalue_count * sizeof(UpVal);
    }
    case TAG_CFN: {
      CFn *f = (CFn *)o;
      for (int i = 0; i < f->upvalue_count; i++) mark_value(gc, &f->upvalues[i]);
      return sizeof *f + f->upvalue_count * sizeof(Value);
    }
    case TAG_USERDATA: {
      Userdata *u = (Userdata *)o;
      MARK(gc, u->meta);
      for (int i = 0; i < u->user_value_count; i++) mark_value(gc, &u->user_values[i]);
      return sizeof *u;
    }
    case TAG_PROTO: return traverse_proto(gc, (Proto *)o);
    default: return traverse_thread(vm, (Thread *)o);
  }
}

static void propagate_all(VM *vm) {
  while (vm->gc->gray != NULL) propagate_one(vm);
}

static void mark_roots(VM *vm) {
  GC *gc = vm->gc;
  MARK(gc, vm->main);
  MARK(gc, vm->current);
  mark_value(gc, &vm->registry);
  MARK(gc, vm->globals);
  MARK(gc, vm->loaded);
  MARK(gc, vm->string_meta);
  MARK(gc, vm->memory_message);
  MARK(gc, vm->foreign_functions);
  for (int i = 0; i <= TAG_THREAD; i++) MARK(gc, vm->type_meta[i]);
  for (int i = 0; i < METAMETHOD_COUNT; i++) MARK(gc, vm->metamethod_names[i]);
  for (Object *o = gc->to_finalize; o != NULL; o = o->next) MARK(gc, o);
}

/* Strings that were found are old, and nothing else may refer to them. */
static void mark_in_flight(VM *vm) {
  GC *gc = vm->gc;
  Object *o = gc->all;
  for (int i = 0; i < IN_FLIGHT_OBJECTS && o != NULL; i++, o = o->next) MARK(gc, o);
  for (int i = 0; i < FOUND_STRINGS; i++) MARK(gc, vm->strings.found[i]);
}

static void start_cycle(VM *vm) {
  GC *gc = vm->gc;
  gc->gray = gc->gray_again = NULL;
  gc->weak_values = gc->ephemerons = gc->all_weak = NULL;
  gc->partial = NULL;
  gc->rescanned = false;
  mark_roots(vm);
  gc->phase = PHASE_MARK;
}

/* --- atomic phase */

static void converge_ephemerons(VM *vm) {
  GC *gc = vm->gc;
  bool changed;
  do {
    Object *o = gc->ephemerons;
    gc->ephemerons = NULL;
    changed = false;
    while (o != NULL) {
      Table *t = (Table *)o;
      o = t->gray_next;
      make_black((Object *)t);
      if (traverse_ephemeron(gc, t)) {
        propagate_all(vm);
        changed = true;
      }
    }
  } while (changed);
}

static void clear_by_keys(GC *gc, Object *list) {
  for (; list != NULL; list = ((Table *)list)->gray_next) {
    Table *t = (Table *)list;
    if (t->node == &empty_node) continue;
    for (uint32_t i = 0; i <= t->node_mask; i++) {
      Node *n = &t->node[i];
      if (!is_nil(&n->value) && key_is_cleared(gc, n)) set_nil(&n->value);
      if (is_nil(&n->value)) clear_key(n);
    }
  }
}

static void clear_by_values(GC *gc, Object *list, const Object *until) {
  for (; list != until; list = ((Table *)list)->gray_next) {
    Table *t = (Table *)list;
    for (uint32_t i = 0; i < t->array_size; i++)
      if (is_cleared(gc, &t->array[i])) set_nil(&t->array[i]);
    if (t->node == &empty_node) continue;
    for (uint32_t i = 0; i <= t->node_mask; i++) {
      Node *n = &t->node[i];
      if (is_cleared(gc, &n->value)) set_nil(&n->value);
      if (is_nil(&n->value)) clear_key(n);
    }
  }
}

/* Moves unreachable objects (or all) with finalizers behind those already waiting, in order of marking for it. */
static void separate_finalizable(GC *gc, bool all) {
  Object **last = &gc->to_finalize;
  while (*last != NULL) last = &(*last)->next;
  Object **link = &gc->finalizable;
  while (*link != NULL) {
    Object *o = *link;
    if (!all && !is_white(o)) {
      link = &o->next;
      continue;
    }
    *link = o->next;
    o->next = NULL;
    *last = o;
    last = &o->next;
  }
}

/* Takes threads that nothing refers to off the machine's list, while all that their frames refer to is still there. */
static void abandon_threads(VM *vm) {
  Thread **link = &vm->threads;
  while (*link != NULL) {
    Thread *thread = *link;
    if (is_white((Object *)thread)) {
      *link = thread->next_thread;
      profiler_abandon_thread(vm, thread);
    } else {
      link = &thread->next_thread;
    }
  }
}

static void atomic_phase(VM *vm) {
  GC *gc = vm->gc;
  gc->atomic = true;
  mark_roots(vm);
  if (gc->emergency)
    mark_in_flight(vm);
  else
    str_forget_found(vm);
  propagate_all(vm);
  gc->gray = gc->gray_again;
  gc->gray_again = NULL;
  propagate_all(vm);
  converge_ephemerons(vm);
  clear_by_values(gc, gc->weak_values, NULL);
  clear_by_values(gc, gc->all_weak, NULL);
  Object *weak_values = gc->weak_values, *all_weak = gc->all_weak;
  separate_finalizable(gc, false);
  for (Object *o = gc->to_finalize; o != NULL; o = o->next) MARK(gc, o);
  propagate_all(vm);
  converge_ephemerons(vm);
  /* what finalizers brought back must not sit in weak keys; dead values only in tables that came back with it */
  clear_by_keys(gc, gc->ephemerons);
  clear_by_keys(gc, gc->all_weak);
  clear_by_values(gc, gc->weak_values, weak_values);
  clear_by_values(gc, gc->all_weak, all_weak);
  abandon_threads(vm);
  gc->atomic = false;
  gc->current_white ^= WHITES;
  gc->sweep = &gc->all;
  gc->phase = PHASE_SWEEP_ALL;
}

/* --- sweep */

/* Looks at up to `count` objects; NULL at the list's end. `is_counted` for a profile. */
static inline Object **sweep_objects(VM *vm, Object **link, int count, bool is_counted) {
  GC *gc = vm->gc;
  uint8_t dead = gc->current_white ^ WHITES;
  uint8_t white = gc->current_white;
  while (*link != NULL && count-- > 0) {
    Object *o = *link;
    prefetch_object(o->next);
    if (o->marked & dead) {
      *link = o->next;
      if (is_counted) count_freed(vm, o);
      heap_free(vm, o);
    } else {
      if (is_counted) count_walked(vm, o);
      o->marked = (uint8_t)((o->marked & ~(WHITES | BLACK)) | white);
      link = &o->next;
    }
  }
  return *link != NULL ? link : NULL;
}

static size_t sweep_step(VM *vm, Object **next_list, uint8_t next_phase) {
  GC *gc = vm->gc;
  gc->sweep = UNLIKELY(profiler_is_measuring(vm)) ? sweep_objects(vm, gc->sweep, SWEEP_OBJECTS, true)
                                                  : sweep_objects(vm, gc->sweep, SWEEP_OBJECTS, false);
  if (gc->sweep == NULL) {
    gc->sweep = next_list;
    gc->phase = next_phase;
  }
  return SWEEP_OBJECTS * OBJECT_COST;
}

/* --- finalizers */

void gc_check_finalizer(Thread *L, Object *object, Table *meta) {
  GC *gc = L->vm->gc;
  if (meta == NULL || (object->marked & FINALIZED)) return;
  if (is_nil(table_get_short(meta, L->vm->metamethod_names[METAMETHOD_GC]))) return;
  if (gc->phase >= PHASE_SWEEP_ALL && gc->phase <= PHASE_SWEEP_PENDING) {
    spare(L->vm, object);
    if (gc->sweep == &object->next) /* the sweep stands behind it: step back to the list's head */
      gc->sweep = &gc->all;
  }
  Object **link = &gc->all;
  while (*link != object) link = &(*link)->next;
  *link = object->next;
  object->next = gc->finalizable;
  gc->finalizable = object;
  object->marked |= FINALIZED;
}

/* --- steps */

void gc_set_pause(VM *vm) {
  GC *gc = vm->gc;
  size_t in_use = vm->allocator->current;
  gc->estimate = in_use;
  size_t threshold = in_use / 100 * (size_t)gc->pause;
  size_t limit = vm->allocator->limit;
  if (threshold > limit && in_use < limit) threshold = in_use + (limit - in_use) / 2; /* collect before it is full */
  if (threshold < in_use + 4096) threshold = in_use + 4096;
  gc->debt = (ptrdiff_t)in_use - (ptrdiff_t)threshold;
}

/* One unit of work; returns its size in bytes. */
static size_t single_step(VM *vm) {
  GC *gc = vm->gc;
  switch (gc->phase) {
    case PHASE_PAUSE: start_cycle(vm); return OBJECT_COST;
    case PHASE_MARK:
      if (gc->partial != NULL) return traverse_piece(gc);
      if (gc->gray != NULL) return propagate_one(vm);
      if (!gc->rescanned) {
        rescan(gc);
        return OBJECT_COST;
      }
      atomic_phase(vm);
      return OBJECT_COST + sweep_step(vm, &gc->finalizable, PHASE_SWEEP_FINALIZABLE); /* what is new stands before it */
    case PHASE_SWEEP_ALL: return sweep_step(vm, &gc->finalizable, PHASE_SWEEP_FINALIZABLE);
    case PHASE_SWEEP_FINALIZABLE: return sweep_step(vm, &gc->to_finalize, PHASE_SWEEP_PENDING);
    case PHASE_SWEEP_PENDING: return sweep_step(vm, NULL, PHASE_FINALIZE);
    default:
      gc->phase = PHASE_PAUSE;
      gc->collections++;
      return OBJECT_COST;
  }
}

typedef struct Work {
  uint64_t begun;
  uint64_t collections;
  size_t bytes;
} Work;

static Work begin_work(VM *vm) {
  vm->gc->working = true;
  return (Work){profiler_begin_activity(vm, ACTIVITY_COLLECTING), vm->gc->collections, 0};
}

static void end_work(VM *vm, const Work *work) {
  GC *gc = vm->gc;
  uint64_t ticks = profiler_end_activity(vm, work->begun);
  if (profiler_is_measuring(vm))
    profiler_collected(vm->profiler, ticks, work->bytes, gc->collections - work->collections, gc->asked);
  gc->asked = false;
  gc->working = false;
}

void gc_advance(VM *vm) {
  GC *gc = vm->gc;
  gc->running = true;
  Work done = begin_work(vm);
#ifdef PERILUNE_GC_STRESS
  do done.bytes += single_step(vm);
  while (gc->phase != PHASE_PAUSE);
  gc->debt = 0;
#else
  size_t step = (size_t)1 << (gc->step_size < MOST_STEP_LOG2 ? gc->step_size : MOST_STEP_LOG2);
  size_t percent = WORK_FACTOR * ((size_t)gc->step_multiplier | 1);
  ptrdiff_t work = (ptrdiff_t)(((size_t)(gc->debt > 0 ? gc->debt : 0) + step) / 100 * percent);
  ptrdiff_t left = work;
  while (left > 0) {
    left -= (ptrdiff_t)single_step(vm);
    if (gc->phase == PHASE_PAUSE) break;
  }
  done.bytes = (size_t)(work - left);
  if (gc->phase == PHASE_PAUSE)
    gc_set_pause(vm);
  else
    gc->debt = -(ptrdiff_t)step;
#endif
  end_work(vm, &done);
  gc->running = false;
}

/* Drops the marks of a cycle that is in its marking: white is not changed, so one sweep clears them. */
static void forget_marks(GC *gc) {
  gc->gray = gc->gray_again = NULL;
  gc->partial = NULL;
  gc->weak_values = gc->ephemerons = gc->all_weak = NULL;
  gc->current_white ^= WHITES;
  for (Object *o = gc->all; o != NULL; o = o->next) make_white(gc, o);
  for (Object *o = gc->finalizable; o != NULL; o = o->next) make_white(gc, o);
  for (Object *o = gc->to_finalize; o != NULL; o = o->next) make_white(gc, o);
  gc->phase = PHASE_PAUSE;
}

static void collect_whole(VM *vm, bool is_asked) {
  GC *gc = vm->gc;
  bool was_running = gc->running;
  gc->running = true;
  Work done = begin_work(vm);
  if (gc->phase == PHASE_MARK) forget_marks(gc);
  while (gc->phase != PHASE_PAUSE) done.bytes += single_step(vm);
  do done.bytes += single_step(vm);
  while (gc->phase != PHASE_PAUSE);
  gc->asked = is_asked;
  end_work(vm, &done);
  gc->running = was_running;
}

void gc_collect(VM *vm) { collect_whole(vm, true); }

bool gc_emergency(VM *vm) {
  GC *gc = vm->gc;
  if (!gc->complete || gc->working) return false;
  gc->emergency = true;
  collect_whole(vm, false);
  gc->emergency = false;
  gc_set_pause(vm);
  if (gc->to_finalize != NULL) gc->debt = 1; /* the next step calls the finalizers */
  return true;
}

Object *gc_take_to_finalize(VM *vm) {
  GC *gc = vm->gc;
  Object *o = gc->to_finalize;
  if (o == NULL) return NULL;
  gc->to_finalize = o->next;
  o->next = gc->all;
  gc->all = o;
  o->marked &= (uint8_t)~FINALIZED;
  if (gc->phase >= PHASE_SWEEP_ALL && gc->phase <= PHASE_SWEEP_PENDING) spare(vm, o);
  return o;
}

void gc_finalize_rest(VM *vm) {
  GC *gc = vm->gc;
  gc->stopped = true;
  if (!gc->closing) separate_finalizable(gc, true);
  gc->closing = true; /* what finalizers make from now on is not finalized */
}

size_t gc_bytes(VM *vm) { return vm->allocator->current; }

GC *gc_new(Allocator *allocator) {
  GC *gc = memory_first(allocator, sizeof *gc);
  if (gc == NULL) return NULL;
  gc->current_white = WHITE0;
  gc->phase = PHASE_PAUSE;
  gc->pause = PAUSE_PERCENT;
  gc->step_multiplier = STEP_MULTIPLIER;
  gc->step_size = STEP_SIZE_LOG2;
  gc->generational = true; /* as the stand-alone interpreter begins */
  gc->minor_multiplier = 20;
  gc->major_multiplier = 100;
  gc->stopped = true; /* until the machine is complete */
  gc->debt = 0;
  return gc;
}

static void free_list(VM *vm, Object *o, Object *keep) {
  while (o != NULL) {
    Object *next = o->next;
    if (o != keep) heap_free(vm, o);
    o = next;
  }
}

void gc_free_all(VM *vm) {
  GC *gc = vm->gc;
  /* Threads first: closing their upvalues touches upvalue objects. */
  for (Object *o = gc->all; o != NULL; o = o->next)
    if (o->tag == TAG_THREAD) upvalues_close((Thread *)o, ((Thread *)o)->stack);
  free_list(vm, gc->finalizable, (Object *)vm->main);
  free_list(vm, gc->to_finalize, (Object *)vm->main);
  free_list(vm, gc->all, (Object *)vm->main);
  gc->all = gc->finalizable = gc->to_finalize = NULL;
}
