/* The making of C function objects and userdata. */
#include "push.h"

#include <stdalign.h>
#include <string.h>

#include "memory/gc.h"
#include "objects/error.h"

CFn *push_function(Thread *L, CFunction call, const char *name, int upvalues) {
  CFn *f = gc_new_object(L, TAG_CFN, sizeof(CFn) + (size_t)upvalues * sizeof(Value));
  f->upvalue_count = (uint8_t)upvalues;
  f->special = SPECIAL_NONE;
  f->serial = 0;
  f->call = call;
  f->foreign = NULL;
  f->name = name;
  f->calls = 0;
  f->ticks = 0;
  f->gray_next = NULL;
  L->top -= upvalues;
  for (int i = 0; i < upvalues; i++) value_copy(&f->upvalues[i], &L->top[i]);
  Value *v = push(L);
  set_object(v, f, TAG_CFN);
  return f;
}

/* A userdata's block: the object, its user values, its bytes. */
#define USERDATA_BYTES ((sizeof(Userdata) + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t))

static inline size_t userdata_data_offset(int user_values) {
  return USERDATA_BYTES + (size_t)user_values * sizeof(Value);
}

Userdata *push_userdata(Thread *L, size_t size, int user_values) {
  size_t offset = userdata_data_offset(user_values);
  if (size > (size_t)PTRDIFF_MAX - offset) error_runtime(L, "memory allocation error: block too big");
  Userdata *u = gc_new_object(L, TAG_USERDATA, offset + size);
  u->user_value_count = (uint16_t)user_values;
  u->serial = 0;
  u->size = size;
  u->meta = NULL;
  u->gray_next = NULL;
  u->user_values = (Value *)((char *)u + USERDATA_BYTES);
  for (int i = 0; i < user_values; i++) set_nil(&u->user_values[i]);
  u->data = (char *)u + offset;
  memset(u->data, 0, size);
  Value *v = push(L);
  set_object(v, u, TAG_USERDATA);
  return u;
}
