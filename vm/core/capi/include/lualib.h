/* The standard libraries, for hosts in C: luaopen_* leaves a library on the stack. */
#ifndef lualib_h
#define lualib_h

#include "lua.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LUA_COLIBNAME "coroutine"
#define LUA_TABLIBNAME "table"
#define LUA_IOLIBNAME "io"
#define LUA_OSLIBNAME "os"
#define LUA_STRLIBNAME "string"
#define LUA_UTF8LIBNAME "utf8"
#define LUA_MATHLIBNAME "math"
#define LUA_DBLIBNAME "debug"
#define LUA_LOADLIBNAME "package"
#define LUA_VERSUFFIX "_" LUA_VERSION_MAJOR "_" LUA_VERSION_MINOR

LUA_API int luaopen_base(lua_State *L);
LUA_API int luaopen_coroutine(lua_State *L);
LUA_API int luaopen_table(lua_State *L);
LUA_API int luaopen_io(lua_State *L);
LUA_API int luaopen_os(lua_State *L);
LUA_API int luaopen_string(lua_State *L);
LUA_API int luaopen_utf8(lua_State *L);
LUA_API int luaopen_math(lua_State *L);
LUA_API int luaopen_debug(lua_State *L);
LUA_API int luaopen_package(lua_State *L);
LUA_API void luaL_openlibs(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
