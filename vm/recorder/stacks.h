/* The calls of a coroutine, as nodes of a recording. */
#ifndef RECORDER_STACKS_H
#define RECORDER_STACKS_H

#include <stdint.h>

#include "lua_api.h"

/* The node of the calls of a coroutine from a level on outwards, below those of a parent, which is 0 for none. `line` is
   that of the innermost, if it is known better than Lua knows it, else 0. What it pushes it pops. */
uint32_t stack_node(const LuaApi *api, lua_State *L, int level, uint32_t parent, int line);

/* The node of the line alone that runs at a level; 0 for a function in C. */
uint32_t stack_line_node(const LuaApi *api, lua_State *L, LuaDebug *activation);

#endif
