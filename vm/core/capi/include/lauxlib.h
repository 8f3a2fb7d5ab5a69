/* The auxiliary library of Lua 5.4's C API: arguments, buffers, references, loading. */
#ifndef lauxlib_h
#define lauxlib_h

#include <stddef.h>
#include <stdio.h>

#include "lua.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LUA_GNAME "_G"
#define LUA_LOADED_TABLE "_LOADED"
#define LUA_PRELOAD_TABLE "_PRELOAD"
#define LUA_FILEHANDLE "FILE*"
#define LUA_ERRFILE (LUA_ERRERR + 1)
#define LUA_NOREF (-2)
#define LUA_REFNIL (-1)
#define LUAL_NUMSIZES (sizeof(lua_Integer) * 16 + sizeof(lua_Number))

typedef struct luaL_Reg {
  const char *name;
  lua_CFunction func;
} luaL_Reg;

LUA_API void luaL_checkversion_(lua_State *L, lua_Number version, size_t sizes);
#define luaL_checkversion(L) luaL_checkversion_(L, LUA_VERSION_NUM, LUAL_NUMSIZES)

/* Arguments */
LUA_API int luaL_argerror(lua_State *L, int argument, const char *message);
LUA_API int luaL_typeerror(lua_State *L, int argument, const char *type);
LUA_API const char *luaL_checklstring(lua_State *L, int argument, size_t *length);
LUA_API const char *luaL_optlstring(lua_State *L, int argument, const char *otherwise, size_t *length);
LUA_API lua_Number luaL_checknumber(lua_State *L, int argument);
LUA_API lua_Number luaL_optnumber(lua_State *L, int argument, lua_Number otherwise);
LUA_API lua_Integer luaL_checkinteger(lua_State *L, int argument);
LUA_API lua_Integer luaL_optinteger(lua_State *L, int argument, lua_Integer otherwise);
LUA_API void luaL_checkstack(lua_State *L, int n, const char *message);
LUA_API void luaL_checktype(lua_State *L, int argument, int type);
LUA_API void luaL_checkany(lua_State *L, int argument);
LUA_API int luaL_checkoption(lua_State *L, int argument, const char *otherwise, const char *const options[]);
LUA_API void *luaL_checkudata(lua_State *L, int argument, const char *type);
LUA_API void *luaL_testudata(lua_State *L, int argument, const char *type);
#define luaL_argcheck(L, condition, argument, message) \
  ((void)((condition) || luaL_argerror(L, (argument), (message))))
#define luaL_argexpected(L, condition, argument, type) \
  ((void)((condition) || luaL_typeerror(L, (argument), (type))))
#define luaL_checkstring(L, argument) luaL_checklstring(L, (argument), NULL)
#define luaL_optstring(L, argument, otherwise) luaL_optlstring(L, (argument), (otherwise), NULL)
#define luaL_opt(L, check, argument, otherwise) \
  (lua_isnoneornil(L, (argument)) ? (otherwise) : check(L, (argument)))
#define luaL_typename(L, index) lua_typename(L, lua_type(L, (index)))

/* Errors and results */
LUA_API void luaL_where(lua_State *L, int level);
LUA_API int luaL_error(lua_State *L, const char *format, ...);
LUA_API int luaL_fileresult(lua_State *L, int is_success, const char *path);
LUA_API int luaL_execresult(lua_State *L, int status);
LUA_API void luaL_traceback(lua_State *L, lua_State *of, const char *message, int level);
#define luaL_pushfail(L) lua_pushnil(L)

/* Metatables and tables */
LUA_API int luaL_newmetatable(lua_State *L, const char *type);
LUA_API void luaL_setmetatable(lua_State *L, const char *type);
LUA_API int luaL_getmetafield(lua_State *L, int index, const char *event);
LUA_API int luaL_callmeta(lua_State *L, int index, const char *event);
LUA_API const char *luaL_tolstring(lua_State *L, int index, size_t *length);
LUA_API lua_Integer luaL_len(lua_State *L, int index);
LUA_API int luaL_getsubtable(lua_State *L, int index, const char *key);
LUA_API int luaL_ref(lua_State *L, int table);
LUA_API void luaL_unref(lua_State *L, int table, int reference);
LUA_API void luaL_setfuncs(lua_State *L, const luaL_Reg *functions, int upvalues);
LUA_API void luaL_requiref(lua_State *L, const char *name, lua_CFunction open, int is_global);
#define luaL_getmetatable(L, type) lua_getfield(L, LUA_REGISTRYINDEX, (type))
#define luaL_newlibtable(L, functions) lua_createtable(L, 0, sizeof(functions) / sizeof(*(functions)) - 1)
#define luaL_newlib(L, functions) \
  (luaL_checkversion(L), luaL_newlibtable(L, functions), luaL_setfuncs(L, functions, 0))

/* Chunks and states */
LUA_API int luaL_loadfilex(lua_State *L, const char *path, const char *mode);
LUA_API int luaL_loadbufferx(lua_State *L, const char *text, size_t length, const char *chunkname, const char *mode);
LUA_API int luaL_loadstring(lua_State *L, const char *text);
LUA_API lua_State *luaL_newstate(void);
#define luaL_loadfile(L, path) luaL_loadfilex(L, (path), NULL)
#define luaL_loadbuffer(L, text, length, chunkname) luaL_loadbufferx(L, (text), (length), (chunkname), NULL)
#define luaL_dofile(L, path) (luaL_loadfile(L, (path)) || lua_pcall(L, 0, LUA_MULTRET, 0))
#define luaL_dostring(L, text) (luaL_loadstring(L, (text)) || lua_pcall(L, 0, LUA_MULTRET, 0))

/* Buffers: `b` is where the bytes are, `size` how many fit there, `n` how many are there. */
typedef struct luaL_Buffer {
  char *b;
  size_t size;
  size_t n;
  lua_State *L;
  union {
    LUAI_MAXALIGN;
    char b[LUAL_BUFFERSIZE];
  } init;
} luaL_Buffer;

LUA_API void luaL_buffinit(lua_State *L, luaL_Buffer *buffer);
LUA_API char *luaL_buffinitsize(lua_State *L, luaL_Buffer *buffer, size_t size);
LUA_API char *luaL_prepbuffsize(luaL_Buffer *buffer, size_t size);
LUA_API void luaL_addlstring(luaL_Buffer *buffer, const char *text, size_t length);
LUA_API void luaL_addstring(luaL_Buffer *buffer, const char *text);
LUA_API void luaL_addvalue(luaL_Buffer *buffer);
LUA_API void luaL_addgsub(luaL_Buffer *buffer, const char *text, const char *what, const char *replacement);
LUA_API const char *luaL_gsub(lua_State *L, const char *text, const char *what, const char *replacement);
LUA_API void luaL_pushresult(luaL_Buffer *buffer);
LUA_API void luaL_pushresultsize(luaL_Buffer *buffer, size_t size);
#define luaL_bufflen(buffer) ((buffer)->n)
#define luaL_buffaddr(buffer) ((buffer)->b)
#define luaL_addchar(buffer, c) \
  ((void)((buffer)->n < (buffer)->size || luaL_prepbuffsize((buffer), 1)), ((buffer)->b[(buffer)->n++] = (c)))
#define luaL_addsize(buffer, size) ((buffer)->n += (size))
#define luaL_buffsub(buffer, size) ((buffer)->n -= (size))
#define luaL_prepbuffer(buffer) luaL_prepbuffsize((buffer), LUAL_BUFFERSIZE)

/* What the io library's files are. */
typedef struct luaL_Stream {
  FILE *f;
  lua_CFunction closef; /* NULL: closed */
} luaL_Stream;

#define luaL_intop(operation, a, b) ((lua_Integer)((lua_Unsigned)(a)operation(lua_Unsigned)(b)))

/* Names of before 5.4 that its own header still has */
#define luaL_checkunsigned(L, argument) ((lua_Unsigned)luaL_checkinteger(L, (argument)))
#define luaL_optunsigned(L, argument, otherwise) \
  ((lua_Unsigned)luaL_optinteger(L, (argument), (lua_Integer)(otherwise)))
#define luaL_checkint(L, argument) ((int)luaL_checkinteger(L, (argument)))
#define luaL_optint(L, argument, otherwise) ((int)luaL_optinteger(L, (argument), (otherwise)))
#define luaL_checklong(L, argument) ((long)luaL_checkinteger(L, (argument)))
#define luaL_optlong(L, argument, otherwise) ((long)luaL_optinteger(L, (argument), (otherwise)))
#define lua_writestring(text, length) fwrite((text), sizeof(char), (length), stdout)
#define lua_writeline() (lua_writestring("\n", 1), fflush(stdout))
#define lua_writestringerror(format, argument) (fprintf(stderr, (format), (argument)), fflush(stderr))

#ifdef __cplusplus
}
#endif

#endif
