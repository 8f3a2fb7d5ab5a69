/* The collector: incremental mark and sweep, tri-colour, with weak tables, ephemerons and finalizers.

   When it runs, and finalizers, is the machine's to say: machine/collect.h. */
#ifndef PERILUNE_GC_H
#define PERILUNE_GC_H

#include "objects/vm.h"

typedef struct GC {
  ptrdiff_t debt; /* bytes allocated beyond the next step's start; positive: a step is due */
  size_t estimate;
  Object *all;
  Object *finalizable;  /* objects with a __gc metamethod */
  Object *to_finalize;  /* unreachable ones whose __gc is to be called */
  Object **sweep;
  Object *gray;
  Object *gray_again;
  Object *weak_values;
  Object *ephemerons;
  Object *all_weak;
  Table *partial;        /* a large table that is being traversed piece by piece, array first, */
  uint64_t partial_done; /* and how many of its places have been */
  Table partial_shape;   /* as it was when that began: a table that was resized begins anew */
  bool rescanned;          /* tables that changed while they were marked have been visited again */
  uint8_t current_white;
  uint8_t phase;
  bool stopped;      /* by collectgarbage("stop") */
  bool running;      /* inside a step or a finalizer */
  bool complete;     /* the machine is: an emergency may collect */
  bool working;      /* the collector itself runs, */
  bool emergency;    /* because an allocation has failed */
  bool atomic; /* in the atomic phase */
  bool asked;  /* the program has asked for the step that runs */
  bool closing;      /* the last finalizers run */
  bool generational; /* what collectgarbage was last told */
  int pause;         /* percent */
  int step_multiplier;
  int step_size;     /* log2 bytes */
  int minor_multiplier, major_multiplier;
  uint64_t collections;
} GC;

enum { WHITE0 = 1, WHITE1 = 2, BLACK = 4, FINALIZED = 8, WHITES = WHITE0 | WHITE1 };

/* Links a new object; size as for memory_allocate. */
void *gc_new_object(Thread *L, uint8_t tag, size_t size);
void gc_barrier_forward(Thread *L, Object *from, Object *to);
void gc_barrier_back(Thread *L, Table *t, const Value *v);
void gc_entry_moved(Thread *L, const Table *t, const Node *n); /* to another node of its table */
void gc_check_finalizer(Thread *L, Object *object, Table *meta); /* after setting a metatable */
void gc_free_all(VM *vm);

/* A step of the collector. The stacks' tops must be above all that is in use. */
void gc_advance(VM *vm);
/* A whole cycle, as the program has asked for. */
void gc_collect(VM *vm);
/* An allocation has failed: a whole cycle in the midst of whatever allocates. What that may have in flight (see
   mark_in_flight) is not freed, and finalizers wait. False if the collector cannot run now. */
bool gc_emergency(VM *vm);
/* After a cycle: when the next one begins. */
void gc_set_pause(VM *vm);
/* Takes the next object off the list of those whose finalizers are to be called; NULL if there is none. */
Object *gc_take_to_finalize(VM *vm);
/* Puts all that has a finalizer on that list, for the end. */
void gc_finalize_rest(VM *vm);
/* Up to where a stack is in use. */
Value *stack_end_in_use(const Thread *thread);

struct GC *gc_new(struct Allocator *allocator);
size_t gc_bytes(VM *vm);

/* A percentage as the reference keeps it, in a byte of fours. */
static inline int gc_coarse(int percentage) { return (percentage / 4 & 0xff) * 4; }

/* Only between the atomic phase and the end of the sweep are there objects of the other white: the unreachable ones. */
static inline bool gc_is_dead(const VM *vm, const Object *o) {
  return (o->marked & (vm->gc->current_white ^ WHITES) & WHITES) != 0;
}
static inline void gc_revive(Object *o) { o->marked ^= WHITES; }
static inline bool is_black(const Object *o) { return o->marked & BLACK; }
static inline bool is_white(const Object *o) { return o->marked & WHITES; }

/* After storing `v` in a table. */
static inline void gc_barrier_table(Thread *L, Table *t, const Value *v) {
  if (is_collectable(v) && is_black((Object *)t) && is_white(v->object)) gc_barrier_back(L, t, v);
}
/* After storing `v` in any other object. */
static inline void gc_barrier_value(Thread *L, void *owner, const Value *v) {
  if (is_collectable(v) && is_black((Object *)owner) && is_white(v->object))
    gc_barrier_forward(L, (Object *)owner, v->object);
}

#endif
