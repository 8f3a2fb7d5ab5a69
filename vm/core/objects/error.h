/* How everything throws. The machine does it, in call.c and debuginfo.c: where an error goes and what it says about the
   place is what the machine knows; that there are errors all rooms know. */
#ifndef PERILUNE_ERROR_H
#define PERILUNE_ERROR_H

#include "vm.h"

/* Throws the value at L->top - 1. */
NORETURN void error_throw(Thread *L);
NORETURN void error_throw_status(Thread *L, int status);
NORETURN void error_memory(Thread *L);
/* Runtime error with position "source:line: " of the running Lua function in front. */
NORETURN void error_runtime(Thread *L, const char *format, ...);
/* The same without a position: errors of C functions that the interpreter does itself. */
NORETURN void error_plain(Thread *L, const char *message);

#endif
