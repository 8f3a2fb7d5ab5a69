/* Which line a signal interrupted, in PUC Lua: a hook runs only at the next instruction, or at the end of a loop's body in
   5.4. The pc of the interrupted instruction is in a register of the interpreter, or was saved before what may take long. */
#ifndef RECORDER_INTERRUPTED_H
#define RECORDER_INTERRUPTED_H

#include <stdint.h>

#include "lua_api.h"

enum { MAX_REGISTERS = 32 };

/* What a signal has seen. */
typedef struct Interrupted {
  uint64_t registers[MAX_REGISTERS];
  uint64_t saved_pc; /* of the innermost function of the coroutine that ran; 0 if it is not known */
} Interrupted;

/* Notes the registers at a signal, from its context. */
void interrupted_note(Interrupted *interrupted, const void *context);
/* Notes the saved pc of a coroutine that may be the one that runs, unless its innermost function is in C. */
void interrupted_note_saved(Interrupted *interrupted, const LuaApi *api, lua_State *L);

/* The line of the interrupted instruction, if it is one of the function at a level; else 0, also where this build of Lua lays
   out its state in a way that is not known. */
int interrupted_line(const Interrupted *interrupted, const LuaApi *api, lua_State *L, int level);

#endif
