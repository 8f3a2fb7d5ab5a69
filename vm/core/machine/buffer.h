/* Byte buffers that grow, for library functions. */
#ifndef PERILUNE_BUFFER_H
#define PERILUNE_BUFFER_H

#include "objects/vm.h"

/* A growing byte buffer, anchored on the stack: buffer_init pushes one slot that stays at its place until buffer_push
   replaces it by the string; buffer memory is released if an error is thrown. Other pushes must be balanced meanwhile. */
typedef struct Buffer {
  Thread *L;
  char *data;
  size_t length;
  size_t capacity;
  ptrdiff_t slot;
  char initial[512];
} Buffer;
void buffer_init(Thread *L, Buffer *b);
char *buffer_reserve(Buffer *b, size_t more); /* room for `more` bytes behind length */
void buffer_add(Buffer *b, const char *text, size_t length);
static inline void buffer_add_char(Buffer *b, char c) {
  if (UNLIKELY(b->length >= b->capacity)) buffer_reserve(b, 1);
  b->data[b->length++] = c;
}
void buffer_add_value(Buffer *b); /* pops a string or number from the top and adds it */
Str *buffer_push(Buffer *b);      /* the slot now holds the string, at L->top - 1 */

#endif
