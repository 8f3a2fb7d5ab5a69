/* The functions that a profile knows. Counters belong to what a function is, not to its object: loads of an equal function,
   the same place in the same text with the same code, share them, and they outlive all of its objects. */
#ifndef PERILUNE_FUNCTIONS_H
#define PERILUNE_FUNCTIONS_H

#include "sites.h"

#define NO_PARENT UINT32_MAX

/* The source of functions. */
typedef struct KeptText {
  struct KeptText *next;
  uint64_t hash;
  size_t length;
  char text[];
} KeptText;

/* What a function is, in memory that is no part of the program's, with its counters: see ProtoCounts. */
typedef struct Functions {
  ProtoCounts **array; /* as they were found first; ordered by id when the profile has ended */
  uint32_t count;
  uint32_t capacity;
  ProtoCounts **buckets;
  uint32_t bucket_count; /* a power of two, or 0 */
  KeptText *texts;
} Functions;

/* Gives a loaded function, and those in it, their counters. False if there is no memory for them. */
bool functions_attach(struct Profiler *profiler, Proto *p);
/* Gives counters to all functions that are loaded. */
bool functions_attach_all(struct Profiler *profiler);
/* Takes the entries that objects have counted, and orders the functions by their ids. */
void functions_complete(struct Profiler *profiler);
void functions_delete(struct Profiler *profiler);

#endif
