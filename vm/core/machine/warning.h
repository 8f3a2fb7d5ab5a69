/* Warnings: of the function warn, of finalizers that fail, and of C code. */
#ifndef PERILUNE_WARNING_H
#define PERILUNE_WARNING_H

#include "objects/vm.h"

/* A piece of a warning, which the embedder's function gets if there is one; else they are written to standard error once
   "@on" has asked for them. */
void vm_warn(VM *vm, const char *message, bool to_be_continued);

#endif
