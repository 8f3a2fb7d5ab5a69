/* The functions of the string library that have files of their own, and what they share. */
#ifndef PERILUNE_STRING_PARTS_H
#define PERILUNE_STRING_PARTS_H

#include "api.h"

int string_format(Thread *L, Value *args, int count);
int string_pack(Thread *L, Value *args, int count);
int string_packsize(Thread *L, Value *args, int count);
int string_unpack(Thread *L, Value *args, int count);

/* A first position, from 1 or from the end: never below 1, perhaps beyond the end. */
static inline size_t position_first(int64_t position, size_t length) {
  if (position > 0) return (size_t)position;
  if (position == 0 || position < -(int64_t)length) return 1;
  return length + (size_t)position + 1;
}

/* A last position: from 0 to length. */
static inline size_t position_last(int64_t position, size_t length) {
  if (position > (int64_t)length) return length;
  if (position >= 0) return (size_t)position;
  if (position < -(int64_t)length) return 0;
  return length + (size_t)position + 1;
}

#endif
