/* Where the recorder meets a program: functions of Lua's API that stand before the program's own when the library is
   preloaded, and the one that the recorder in Lua loads by name. */
#include <stdint.h>

#include "sampler.h"

#define EXPORTED __attribute__((visibility("default")))
#define CALLER __builtin_return_address(0)

EXPORTED lua_State *luaL_newstate(void);
EXPORTED lua_State *lua_newstate(LuaAllocator allocator, void *context, unsigned seed);
EXPORTED void lua_close(lua_State *L);
EXPORTED int perilune_attach(lua_State *L);

lua_State *luaL_newstate(void) {
  lua_State *(*behind)(void);
  *(void **)(void *)&behind = lua_function_behind("luaL_newstate", (void *)(uintptr_t)luaL_newstate, CALLER);
  lua_State *L = behind == NULL ? NULL : behind();
  const LuaApi *api = L == NULL ? NULL : lua_api_of((void *)(uintptr_t)behind);
  if (api != NULL) sampler_attach(api, L);
  return L;
}

/* `seed` is 5.5's. */
lua_State *lua_newstate(LuaAllocator allocator, void *context, unsigned seed) {
  lua_State *(*behind)(LuaAllocator, void *, unsigned);
  *(void **)(void *)&behind = lua_function_behind("lua_newstate", (void *)(uintptr_t)lua_newstate, CALLER);
  lua_State *L = behind == NULL ? NULL : behind(allocator, context, seed);
  const LuaApi *api = L == NULL ? NULL : lua_api_of((void *)(uintptr_t)behind);
  if (api != NULL) sampler_attach(api, L);
  return L;
}

void lua_close(lua_State *L) {
  void (*behind)(lua_State *);
  *(void **)(void *)&behind = lua_function_behind("lua_close", (void *)(uintptr_t)lua_close, CALLER);
  if (behind == NULL) return;
  const LuaApi *api = lua_api_of((void *)(uintptr_t)behind);
  behind(L);
  if (api != NULL && api->is_jit) sampler_detach(api, L); /* the others tell their allocator */
}

/* lua_CFunction: records the state that calls it. Returns true, or nothing where it cannot. */
int perilune_attach(lua_State *L) {
  const LuaApi *api = lua_api_of(CALLER);
  if (api == NULL || !sampler_attach(api, L)) return 0;
  api->pushboolean(L, 1);
  return 1;
}
