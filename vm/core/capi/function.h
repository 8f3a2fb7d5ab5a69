/* C functions of the stock API as objects of the machine. */
#ifndef PERILUNE_CAPI_FUNCTION_H
#define PERILUNE_CAPI_FUNCTION_H

#include "objects/vm.h"

/* What the first C function would make, so that pushing one needs little memory: a host does it where nothing catches an
   error. */
void foreign_open(Thread *L, void *unused);

/* Pushes a function object for a C function, with as many upvalues from the top. Without upvalues the same function is
   always the same object. */
void foreign_push_function(Thread *L, ForeignFunction function, int upvalues);

/* The address of a C function as lua_tocfunction tells it. One of the machine's own gets a C function that calls it; NULL
   when there are too many of these. */
ForeignFunction foreign_address(Thread *L, const Value *function);

/* A C function without a name becomes known by the name of its library and the key under which it is stored. */
void foreign_name(Thread *L, const Value *function, const Str *key);

/* What C code knows as the status of a call. */
int foreign_status(int status);

#endif
