/* Serial numbers: what stands for an object where a program can tell which object it is, so that nothing in a run follows
   from where objects happen to lie. An object gets its number when it first becomes the key of a table, whose order is by
   number, or when its address is first shown. After 2^32 - 1 of them numbers repeat, which costs keys only a collision. */
#ifndef PERILUNE_SERIAL_H
#define PERILUNE_SERIAL_H

#include "vm.h"

static inline uint32_t serial_next(VM *vm) {
  if (UNLIKELY(++vm->serials == 0)) vm->serials = 1;
  return vm->serials;
}

/* The number of an object that is no string. */
static inline uint32_t serial_of(VM *vm, void *object) {
  NumberedObject *numbered = object;
  if (numbered->serial == 0) numbered->serial = serial_next(vm);
  return numbered->serial;
}

/* What a program sees as the address of an object: objects that are alive have different ones. 0 for other values. */
uint64_t serial_address(Thread *L, const Value *v);
/* The same for the n-th upvalue of an object, from 1 to 255. */
uint64_t serial_upvalue_address(VM *vm, void *object, int n);

/* As `%p` writes it, into at least SERIAL_TEXT bytes; returns its length. A light userdata is an address of its own. */
#define SERIAL_TEXT 24
size_t serial_write(char *out, Thread *L, const Value *v);

/* A string that was numbered is about to be freed. */
void serial_forget(VM *vm, const Str *s);
void serial_table_free(VM *vm);

#endif
