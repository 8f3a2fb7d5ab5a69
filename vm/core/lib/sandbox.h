/* What a program in the sandbox may still do. */
#ifndef PERILUNE_LIB_SANDBOX_H
#define PERILUNE_LIB_SANDBOX_H

#include <stdio.h>

#include "api.h"

/* Takes away what touches the machine: files, commands, the environment. For open libraries, before any program has run.
   Of files only those below the folder `root` can be loaded, none if it is NULL or no folder. */
void sandbox_enter(Thread *L, const char *root);

/* Opens a file of program text for reading, as fopen. In the sandbox errno is 0 after a refusal, which does not tell
   whether there is such a file. */
FILE *sandbox_open(const VM *vm, const char *path);

/* Behind "cannot open PATH: ". */
#define SANDBOX_REFUSAL "no such file in the program's folder, and the sandbox opens no other"

#endif
