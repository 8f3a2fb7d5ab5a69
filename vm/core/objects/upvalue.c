/* Upvalues: how closures share a variable, in a stack while that is alive and in an object of its own afterwards. */
#include "upvalue.h"

#include "memory/gc.h"
#include "memory/memory.h"

UpVal *upvalue_find(Thread *L, Value *slot) {
  UpVal **link = &L->open_upvalues;
  while (*link != NULL && (*link)->v >= slot) {
    if ((*link)->v == slot) {
      if (gc_is_dead(L->vm, (Object *)*link)) gc_revive((Object *)*link);
      return *link;
    }
    link = &(*link)->next_open;
  }
  UpVal *u = gc_new_object(L, TAG_UPVAL, sizeof *u);
  u->serial = 0;
  u->v = slot;
  u->next_open = *link;
  u->link = link;
  if (u->next_open != NULL) u->next_open->link = &u->next_open;
  *link = u;
  return u;
}

void upvalues_close(Thread *L, Value *level) {
  UpVal *u;
  while ((u = L->open_upvalues) != NULL && u->v >= level) {
    L->open_upvalues = u->next_open;
    if (u->next_open != NULL) u->next_open->link = &L->open_upvalues;
    Value *slot = u->v;
    u->v = &u->closed;
    value_copy(&u->closed, slot);
    u->closed.spare = 0;
    gc_barrier_value(L, u, &u->closed);
  }
}

void upvalue_free(VM *vm, UpVal *u) {
  if (u->v != &u->closed) { /* still open: leave its thread's list */
    *u->link = u->next_open;
    if (u->next_open != NULL) u->next_open->link = u->link;
  }
  memory_free(vm, u, sizeof *u);
}
