/* Machines that C code makes and ends, and machines that are made ready for C code. */
#ifndef PERILUNE_CAPI_HOST_H
#define PERILUNE_CAPI_HOST_H

#include "objects/vm.h"

/* Called when a host has made a machine, and before it closes it; NULL: nothing. */
extern void (*host_state_begins)(VM *vm);
extern void (*host_state_ends)(VM *vm);

/* Around every call of a machine's code by a host that is not made inside another one; NULL: nothing. An error that no one
   catches leaves the call without the second. */
extern void (*host_run_begins)(VM *vm);
extern void (*host_run_ends)(VM *vm);

/* A machine can call C functions from now on. */
void capi_open(VM *vm);

#endif
