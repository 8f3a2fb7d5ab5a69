/* Upvalues: the variables that closures share. */
#ifndef PERILUNE_UPVALUE_H
#define PERILUNE_UPVALUE_H

#include "vm.h"

/* Closes upvalues from `level` up (moves the variables into the upvalues). */
void upvalues_close(Thread *L, Value *level);
UpVal *upvalue_find(Thread *L, Value *slot);
void upvalue_free(VM *vm, UpVal *u);

#endif
