/* The C API: the standard libraries, which are the machine's own, one by one and together. */
#include "capi.h"

/* Opening a library here makes it a global, which it becomes in C code only if that wants it. */
static int open_library(lua_State *S, const char *name, void (*open)(Thread *L)) {
  Thread *L = state_thread(S);
  Table *globals = L->vm->globals;
  push_text(L, name);
  Str *key = L->top[-1].str;
  push_value(L, table_get_str(globals, key));
  open(L);
  push_value(L, table_get_str(globals, key));
  table_set_str(L, globals, key, L->top - 2);
  return 1;
}

int luaopen_base(lua_State *S) {
  Thread *L = state_thread(S);
  open_base(L);
  push_table(L, L->vm->globals);
  return 1;
}

int luaopen_coroutine(lua_State *S) { return open_library(S, LUA_COLIBNAME, open_coroutine); }
int luaopen_table(lua_State *S) { return open_library(S, LUA_TABLIBNAME, open_table); }
int luaopen_io(lua_State *S) { return open_library(S, LUA_IOLIBNAME, open_io); }
int luaopen_os(lua_State *S) { return open_library(S, LUA_OSLIBNAME, open_os); }
int luaopen_string(lua_State *S) { return open_library(S, LUA_STRLIBNAME, open_string); }
int luaopen_utf8(lua_State *S) { return open_library(S, LUA_UTF8LIBNAME, open_utf8); }
int luaopen_math(lua_State *S) { return open_library(S, LUA_MATHLIBNAME, open_math); }
int luaopen_debug(lua_State *S) { return open_library(S, LUA_DBLIBNAME, open_debug); }
int luaopen_package(lua_State *S) { return open_library(S, LUA_LOADLIBNAME, open_package); }

void luaL_openlibs(lua_State *S) { open_libraries(state_thread(S)); }
