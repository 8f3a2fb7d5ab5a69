/* Steps of the collector, full collections, and what follows them: the finalizers, which are Lua code. */
#include "collect.h"

#include "call.h"
#include "interpreter.h"
#include "warning.h"

#define FINALIZERS_PER_STEP 200
#define REST ((ptrdiff_t)1 << 19) /* bytes until it is looked again whether the collector may run */

static void warn_about_finalizer(Thread *L) {
  Str *text = value_tostring(L, L->top - 1);
  vm_warn(L->vm, "error in __gc (", true);
  vm_warn(L->vm, text->text, true);
  vm_warn(L->vm, ")", false);
  L->top -= 2;
}

/* False if there is none to call. */
static bool call_finalizer(Thread *L) {
  VM *vm = L->vm;
  GC *gc = vm->gc;
  Object *o = gc_take_to_finalize(vm);
  if (o == NULL) return false;
  Value object;
  set_object(&object, o, o->tag);
  const Value *finalizer = metamethod_of(vm, &object, METAMETHOD_GC);
  if (is_nil(finalizer)) return true;
  bool was_running = gc->running;
  gc->running = true; /* no collection inside a finalizer */
  value_copy(L->top, finalizer);
  value_copy(L->top + 1, &object);
  L->top += 2;
  ptrdiff_t caller = L->frame - L->frames;
  L->frame->flags |= FRAME_FINALIZER;
  bool hooks_rested = L->hooks_rest;
  L->hooks_rest = true;
  int status = call_protected(L, 1, 0);
  L->hooks_rest = hooks_rested;
  L->frames[caller].flags &= (uint16_t)~FRAME_FINALIZER;
  gc->running = was_running;
  if (status_is_final(status)) error_throw_status(L, status);
  if (status != STATUS_OK) warn_about_finalizer(L);
  return true;
}

/* Between instructions the top of a Lua frame may be anywhere: lifts it above what is in use, for finalizers; returns
   the old one's offset. */
static ptrdiff_t settle_top(Thread *L) {
  ptrdiff_t top = L->top - L->stack;
  L->top = stack_end_in_use(L);
  stack_reserve(L, 4);
  return top;
}

void gc_step(Thread *L) {
  GC *gc = L->vm->gc;
  if (gc->running || gc->stopped) {
    gc->debt = -REST;
    return;
  }
  ptrdiff_t top = settle_top(L);
  gc_advance(L->vm);
  for (int count = 0; UNLIKELY(gc->to_finalize != NULL) && count < FINALIZERS_PER_STEP; count++) call_finalizer(L);
  L->top = L->stack + top;
#ifdef PERILUNE_GC_STRESS
  gc->debt = 1;
#endif
}

void gc_full(Thread *L) {
  VM *vm = L->vm;
  if (vm->gc->running) return;
  ptrdiff_t top = settle_top(L);
  gc_collect(vm);
  while (call_finalizer(L)) continue;
  L->top = L->stack + top;
  gc_set_pause(vm);
}

bool gc_step_by(Thread *L, int kilobytes) {
  GC *gc = L->vm->gc;
  if (gc->running) return false;
  bool was_stopped = gc->stopped;
  gc->stopped = false;
  gc->asked = true;
  uint64_t before = gc->collections;
  if (kilobytes <= 0) {
    gc->debt = 1;
    gc_step(L);
  } else {
    ptrdiff_t debt = gc->debt + (ptrdiff_t)kilobytes * 1024;
    gc->debt = debt;
    if (debt > 0) gc_step(L);
  }
  gc->stopped = was_stopped;
  return gc->collections != before;
}

void gc_finalize_all(Thread *L) {
  gc_finalize_rest(L->vm);
  while (call_finalizer(L)) continue;
}
