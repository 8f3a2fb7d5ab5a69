/* Finding Lua's C API by the names of its functions, and reading lua_Debug as each version lays it out. */
#define _GNU_SOURCE
#include "lua_api.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#define MAX_APIS 16 /* libraries with a Lua in one process */

typedef struct Debug51 { /* LuaJIT's too */
  int event;
  const char *strings[4];
  int current_line, upvalues, first_line, last_line;
  char short_source[60];
  int call;
} Debug51;

typedef struct Debug52 { /* 5.3's too */
  int event;
  const char *strings[4];
  int current_line, first_line, last_line;
  unsigned char upvalues, parameters;
  char is_vararg, is_tail_call;
  char short_source[60];
  const void *call;
} Debug52;

typedef struct Debug54 {
  int event;
  const char *strings[4];
  size_t source_length;
  int current_line, first_line, last_line;
  unsigned char upvalues, parameters;
  char is_vararg, is_tail_call;
  unsigned short first_transferred, transferred;
  char short_source[60];
  const void *call;
} Debug54;

/* The member of an activation, as the version has it. */
#define MEMBER(api, activation, member)                                                 \
  ((api)->version == 501   ? ((const Debug51 *)(const void *)(activation))->member      \
   : (api)->version == 504 ? ((const Debug54 *)(const void *)(activation))->member      \
                           : ((const Debug52 *)(const void *)(activation))->member)

int lua_current_line(const LuaApi *api, const LuaDebug *activation) { return MEMBER(api, activation, current_line); }
int lua_first_line(const LuaApi *api, const LuaDebug *activation) { return MEMBER(api, activation, first_line); }
int lua_last_line(const LuaApi *api, const LuaDebug *activation) { return MEMBER(api, activation, last_line); }
const char *lua_short_source(const LuaApi *api, const LuaDebug *activation) {
  return MEMBER(api, activation, short_source);
}

uint64_t lua_call_of(const LuaApi *api, const LuaDebug *activation) {
  if (api->version == 501) return (uint64_t)((const Debug51 *)(const void *)activation)->call;
  if (api->version == 504) return (uintptr_t)((const Debug54 *)(const void *)activation)->call;
  return (uintptr_t)((const Debug52 *)(const void *)activation)->call;
}

bool lua_is_tail_call(const LuaApi *api, const LuaDebug *activation) {
  if (api->version == 501) return false; /* 5.1 has an activation of its own for it, called "tail" */
  if (api->version == 504) return ((const Debug54 *)(const void *)activation)->is_tail_call != 0;
  return ((const Debug52 *)(const void *)activation)->is_tail_call != 0;
}

const char *lua_version_name(const LuaApi *api) {
  if (api->is_jit) return "LuaJIT";
  static const char *const names[] = {"Lua 5.1", "Lua 5.2", "Lua 5.3", "Lua 5.4"};
  return names[api->version - 501];
}

/* What a library was opened with that has the code at an address; the program itself has the scope of all names. */
static void *library_of(const void *address) {
  Dl_info where;
  const struct link_map *library = NULL;
  if (dladdr1(address, &where, (void **)(void *)&library, RTLD_DL_LINKMAP) == 0 || library == NULL) return NULL;
  return dlopen(library->l_name[0] == '\0' ? NULL : library->l_name, RTLD_LAZY | RTLD_NOLOAD);
}

void *lua_function_behind(const char *name, void *interposed, const void *caller) {
  void *library = library_of(caller);
  void *function = library == NULL ? NULL : dlsym(library, name);
  if (function == NULL || function == interposed) function = dlsym(RTLD_NEXT, name);
  return function == interposed ? NULL : function;
}

static bool is_there(void *library, const char *name) { return dlsym(library, name) != NULL; }

/* Fills in an API by the names that a library has; false if one is missing. */
static bool find(LuaApi *api, void *library) {
  const struct {
    const char *name;
    void **function;
  } wanted[] = {
#define FUNCTION(name) {"lua_" #name, (void **)(void *)&api->name}
      FUNCTION(getstack),     FUNCTION(getinfo),   FUNCTION(sethook),   FUNCTION(gethook),  FUNCTION(gethookmask),
      FUNCTION(gethookcount), FUNCTION(status),    FUNCTION(gettop),    FUNCTION(settop),   FUNCTION(checkstack),
      FUNCTION(pushvalue),    FUNCTION(pushnil),   FUNCTION(getfield),  FUNCTION(next),     FUNCTION(type),
      FUNCTION(tolstring),    FUNCTION(topointer), FUNCTION(rawequal),  FUNCTION(newthread), FUNCTION(tocfunction),
      FUNCTION(getallocf),    FUNCTION(setallocf), FUNCTION(pushboolean),
#undef FUNCTION
  };
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
    if ((*wanted[i].function = dlsym(library, wanted[i].name)) == NULL) return false;
  *(void **)(void *)&api->profile_start = dlsym(library, "luaJIT_profile_start");
  *(void **)(void *)&api->profile_stop = dlsym(library, "luaJIT_profile_stop");
  *(void **)(void *)&api->setmode = dlsym(library, "luaJIT_setmode");
  api->is_jit = api->setmode != NULL;
  if (api->is_jit || !is_there(library, "lua_callk"))
    api->version = 501;
  else if (is_there(library, "lua_newuserdatauv"))
    api->version = is_there(library, "lua_closethread") && is_there(library, "lua_numbertocstring") ? 0 : 504;
  else
    api->version = is_there(library, "lua_rotate") ? 503 : 502;
  api->registry = api->version == 501 ? -10000 : -1001000;
  return api->version != 0; /* 5.5 and later are not known here */
}

const LuaApi *lua_api_of(const void *address) {
  static LuaApi apis[MAX_APIS];
  static int count;
  LuaApi api;
  memset(&api, 0, sizeof api);
  void *library = library_of(address);
  if (library == NULL || !find(&api, library)) return NULL;
  for (int i = 0; i < count; i++)
    if (apis[i].getstack == api.getstack) return &apis[i];
  if (count == MAX_APIS) return NULL;
  apis[count] = api;
  return &apis[count++];
}
