/* Byte buffers for library functions: on the C stack while small, then in a block that a userdata in the buffer's stack
   slot owns, so that an error or the collector releases it. */
#include "buffer.h"

#include <limits.h>
#include <string.h>

#include "debuginfo.h"
#include "memory/memory.h"
#include "objects/number.h"
#include "push.h"

void buffer_init(Thread *L, Buffer *b) {
  b->L = L;
  b->data = b->initial;
  b->length = 0;
  b->capacity = sizeof b->initial;
  b->slot = L->top - L->stack;
  push_nil(L);
}

char *buffer_reserve(Buffer *b, size_t more) {
  if (LIKELY(b->capacity - b->length >= more)) return b->data + b->length;
  Thread *L = b->L;
  if (more > (size_t)PTRDIFF_MAX - b->length) error_library(L, "buffer too large");
  size_t capacity = b->capacity > (size_t)PTRDIFF_MAX / 2 ? (size_t)PTRDIFF_MAX : b->capacity * 2;
  if (capacity < b->length + more) capacity = b->length + more;
  Value *slot = L->stack + b->slot;
  if (is_nil(slot)) {
    Userdata *owner = push_userdata(L, 0, 0);
    value_copy(slot, --L->top);
    owner->data = NULL;
    owner->data = memory_allocate(L, capacity);
    owner->size = capacity;
    memcpy(owner->data, b->initial, b->length);
  } else {
    Userdata *owner = slot->userdata;
    owner->data = memory_resize(L, owner->data, owner->size, capacity);
    owner->size = capacity;
  }
  b->data = slot->userdata->data;
  b->capacity = capacity;
  return b->data + b->length;
}

void buffer_add(Buffer *b, const char *text, size_t length) {
  memcpy(buffer_reserve(b, length), text, length);
  b->length += length;
}

void buffer_add_value(Buffer *b) {
  Value v = *--b->L->top; /* growing uses the slot */
  if (is_string(&v))
    buffer_add(b, v.str->text, str_length(v.str));
  else
    b->length += number_write(buffer_reserve(b, NUMBER_TEXT), &v);
}

Str *buffer_push(Buffer *b) {
  Thread *L = b->L;
  Str *s = str_new(L, b->data, b->length);
  Value *slot = L->stack + b->slot;
  if (!is_nil(slot)) { /* the block is not needed any more: do not wait for the collector */
    Userdata *owner = slot->userdata;
    memory_free(L->vm, owner->data, owner->size);
    owner->data = NULL;
    owner->size = 0;
  }
  set_str(slot, s);
  L->top = slot + 1;
  return s;
}
