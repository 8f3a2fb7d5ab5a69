/* The file that a process records into: text, a line a record, only ever added to, so that a crash takes nothing from it.

   Fields stand between tabs; in texts a tab, a line's end and a backslash are escaped by a backslash.
     perilune-recording 1
     P process clock interval_ns unix_time program      begins what one process wrote
     V state interpreter method                         a Lua state was seen
     F function kind first_line last_line source name   kind: L Lua, C, T the calls that tail calls have replaced
     N node parent function line                        a place on a stack; the parent of the outermost is 0
     S state node ticks ns cost_ns condition            a sample, condition: a letter of LuaJIT's, or -
     O ticks ns                                         samples that found no Lua running
     H node hits                                        so far, of the line of that node, which has no parent
     X state                                            the state was closed
     K state ratio                                      what the hook of a recorder in Lua makes of cheap loops' time */
#ifndef RECORDER_RECORDING_H
#define RECORDER_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

enum { RECORDED_MAX_LINE = 4096 };

/* Where and how to record, from the environment. */
typedef struct RecordingPlan {
  const char *folder; /* NULL: nothing is recorded */
  uint64_t interval_ns;
  bool counts_lines;
} RecordingPlan;

const RecordingPlan *recording_plan(void);

/* Begins a file for this process, if it has none. In the child of a fork a file of its own is begun by forgetting the
   parent's. */
bool recording_open(void);
void recording_forget(void);

/* Notes in the folder that this process ends without having had a Lua state. */
void recording_no_lua(void);

void recording_state(uint32_t state, const char *interpreter, const char *method);
void recording_closed(uint32_t state);

/* The number of a function, which is written when it is first seen, and again when its name is first known. `identity` is what
   tells it from others. A number of 0 means that there was no memory. */
typedef struct RecordedFunction {
  char kind;
  int first_line, last_line;
  const char *source;
  const char *name; /* "" where it is not known */
} RecordedFunction;

bool recording_knows(const uint64_t identity[3], uint32_t *function);
uint32_t recording_function(const uint64_t identity[3], const RecordedFunction *function);
uint32_t recording_node(uint32_t parent, uint32_t function, int line);
void recording_sample(uint32_t state, uint32_t node, uint32_t ticks, uint64_t ns, uint64_t cost_ns, char condition);
void recording_hits(uint32_t node, uint64_t hits);

/* For signal handlers too. */
void recording_outside(uint32_t ticks, uint64_t ns);

#endif
