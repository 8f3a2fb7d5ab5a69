/* Raw figures as bytes to the server: raw_bytes.py reads them. A letter says what follows: m, l and r begin a map, a list, a
   row, e ends one; n is nothing, u and i are 64-bit numbers, d is a double, t is a text and b are bytes, with their length
   before them. Numbers are as this machine has them. */
#ifndef PERILUNE_HOST_RAW_BYTES_H
#define PERILUNE_HOST_RAW_BYTES_H

#include "profiler/raw.h"

#define RAW_BUFFER 16384

typedef struct ByteSink {
  RawSink sink;
  int connection;
  size_t used;
  char buffer[RAW_BUFFER];
} ByteSink;

void raw_bytes_begin(ByteSink *sink, int connection);
/* False if not everything has arrived. */
bool raw_bytes_end(ByteSink *sink);

#endif
