/* Lua's C API as it is found in the process that is recorded, of whichever version: no header of any Lua is needed. */
#ifndef RECORDER_LUA_API_H
#define RECORDER_LUA_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lua_State lua_State;

/* The part of lua_Debug that all versions share, with room for the largest of them. */
typedef struct LuaDebug {
  int event;
  const char *name;
  const char *name_what;
  const char *what;
  const char *source;
  char rest[232];
} LuaDebug;

typedef void (*LuaHook)(lua_State *L, LuaDebug *activation);
typedef int (*LuaFunction)(lua_State *L);
typedef void *(*LuaAllocator)(void *context, void *block, size_t old_size, size_t new_size);
typedef void (*JitSampled)(void *context, lua_State *L, int samples, int state);

enum { EVENT_CALL, EVENT_RETURN, EVENT_LINE, EVENT_COUNT };
enum { MASK_CALL = 1, MASK_RETURN = 2, MASK_LINE = 4, MASK_COUNT = 8 };
enum { LUA_YIELDED = 1, LUA_TYPE_STRING = 4, LUA_TYPE_TABLE = 5, LUA_TYPE_THREAD = 8 };

typedef struct LuaApi {
  int version; /* 501 to 504 */
  bool is_jit;
  int registry; /* LUA_REGISTRYINDEX */
  int (*getstack)(lua_State *L, int level, LuaDebug *activation);
  int (*getinfo)(lua_State *L, const char *what, LuaDebug *activation);
  int (*sethook)(lua_State *L, LuaHook hook, int mask, int count);
  LuaHook (*gethook)(lua_State *L);
  int (*gethookmask)(lua_State *L);
  int (*gethookcount)(lua_State *L);
  int (*status)(lua_State *L);
  int (*gettop)(lua_State *L);
  void (*settop)(lua_State *L, int index);
  int (*checkstack)(lua_State *L, int slots);
  void (*pushvalue)(lua_State *L, int index);
  void (*pushnil)(lua_State *L);
  void (*pushboolean)(lua_State *L, int value);
  void (*getfield)(lua_State *L, int index, const char *key);
  int (*next)(lua_State *L, int index);
  int (*type)(lua_State *L, int index);
  const char *(*tolstring)(lua_State *L, int index, size_t *length);
  const void *(*topointer)(lua_State *L, int index);
  LuaFunction (*tocfunction)(lua_State *L, int index);
  int (*rawequal)(lua_State *L, int one, int other);
  lua_State *(*newthread)(lua_State *L);
  LuaAllocator (*getallocf)(lua_State *L, void **context);
  void (*setallocf)(lua_State *L, LuaAllocator allocator, void *context);
  void (*profile_start)(lua_State *L, const char *mode, JitSampled sampled, void *context); /* LuaJIT's alone */
  void (*profile_stop)(lua_State *L);
  int (*setmode)(lua_State *L, int index, int mode);
} LuaApi;

/* The API of the library or program that has the code at an address; NULL if it has none, or one of no version known here.
   What it returns stays. */
const LuaApi *lua_api_of(const void *address);

/* The function of a name that the interposed one of the same name stands before, for a caller. */
void *lua_function_behind(const char *name, void *interposed, const void *caller);

/* Figures of an activation that stand elsewhere in each version. */
int lua_current_line(const LuaApi *api, const LuaDebug *activation);
int lua_first_line(const LuaApi *api, const LuaDebug *activation);
int lua_last_line(const LuaApi *api, const LuaDebug *activation);
bool lua_is_tail_call(const LuaApi *api, const LuaDebug *activation); /* what called it is not on the stack any more */
const char *lua_short_source(const LuaApi *api, const LuaDebug *activation);
/* What says where the activation is: a CallInfo's address, in 5.1 its index. */
uint64_t lua_call_of(const LuaApi *api, const LuaDebug *activation);
const char *lua_version_name(const LuaApi *api);

#endif
