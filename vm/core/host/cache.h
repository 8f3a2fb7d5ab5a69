/* What was compiled before, read without the server. */
#ifndef PERILUNE_HOST_CACHE_H
#define PERILUNE_HOST_CACHE_H

#include "objects/vm.h"

#define CACHE_VARIABLE "PERILUNE_HOST_CACHE"

/* Reads the environment, which a host may empty later. */
void cache_know(void);
/* Gives a text its chunk, if the user's cache has it. */
bool cache_find(Compilation *compilation);

#endif
