/* What a profile has recorded, told piece by piece to whoever writes it down: Python objects, or bytes for another process.
   The names, and what they mean, are in raw_profile.py. */
#ifndef PERILUNE_RAW_H
#define PERILUNE_RAW_H

#include "profiler.h"

/* A map is told as keys, which are texts, each before its value. A row is a list of a known length. */
enum RawShape { RAW_MAP, RAW_LIST, RAW_ROW };

typedef struct RawSink {
  void (*begin)(struct RawSink *sink, enum RawShape shape);
  void (*end)(struct RawSink *sink);
  void (*none)(struct RawSink *sink);
  void (*natural)(struct RawSink *sink, uint64_t n);
  void (*integer)(struct RawSink *sink, int64_t n);
  void (*real)(struct RawSink *sink, double x);
  void (*text)(struct RawSink *sink, const char *text);
  void (*bytes)(struct RawSink *sink, const void *bytes, size_t length);
  bool failed; /* from here on nothing more need be done: there was no memory, or no one to take it */
} RawSink;

/* Of a profile that has ended: one map. */
void raw_tell(RawSink *sink, const Profiler *profiler);

#endif
