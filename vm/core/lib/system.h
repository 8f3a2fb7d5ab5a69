/* What the libraries for files and for the operating system share: the results of system calls. */
#ifndef PERILUNE_LIB_SYSTEM_H
#define PERILUNE_LIB_SYSTEM_H

#include <stdio.h>

#include "api.h"

/* Pushes true, or nil, "path: reason" (without a path only the reason) and errno. Returns the number of results. */
int push_file_result(Thread *L, bool success, const char *path);
/* Pushes true or nil, "exit" or "signal", and the code, from the status of system() or pclose(). */
int push_process_result(Thread *L, int status);

/* The stream of the file in argument n; NULL if it is closed. */
FILE *arg_file_stream(Thread *L, const Value *args, int count, int n);

#endif
