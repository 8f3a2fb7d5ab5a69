/* When a stack is recorded, and what it is charged with. */
#ifndef RECORDER_SAMPLER_H
#define RECORDER_SAMPLER_H

#include "lua_api.h"

/* Begins to record a state, which this thread runs; it may be recorded already. False if nothing is to be recorded, or
   cannot. */
bool sampler_attach(const LuaApi *api, lua_State *L);

/* LuaJIT's state is closed. */
void sampler_detach(const LuaApi *api, lua_State *L);

#endif
