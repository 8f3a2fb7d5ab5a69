/* The C API of Lua 5.4 as this machine offers it: names, types and numbers are those that C modules and hosts are built
   with. The reference manual says what each function does; docs/c-modules.md says what is different here. */
#ifndef lua_h
#define lua_h

#include <stdarg.h>
#include <stddef.h>

#include "luaconf.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LUA_VERSION_MAJOR "5"
#define LUA_VERSION_MINOR "4"
#define LUA_VERSION_RELEASE "8"
#define LUA_VERSION_NUM 504
#define LUA_VERSION_RELEASE_NUM (LUA_VERSION_NUM * 100 + 8)
#define LUA_VERSION "Lua " LUA_VERSION_MAJOR "." LUA_VERSION_MINOR
#define LUA_RELEASE LUA_VERSION "." LUA_VERSION_RELEASE

#define LUA_SIGNATURE "\x1bPerilune"

/* Statuses */
#define LUA_OK 0
#define LUA_YIELD 1
#define LUA_ERRRUN 2
#define LUA_ERRSYNTAX 3
#define LUA_ERRMEM 4
#define LUA_ERRERR 5

/* Types */
#define LUA_TNONE (-1)
#define LUA_TNIL 0
#define LUA_TBOOLEAN 1
#define LUA_TLIGHTUSERDATA 2
#define LUA_TNUMBER 3
#define LUA_TSTRING 4
#define LUA_TTABLE 5
#define LUA_TFUNCTION 6
#define LUA_TUSERDATA 7
#define LUA_TTHREAD 8
#define LUA_NUMTYPES 9

/* Places */
#define LUA_MULTRET (-1)
#define LUA_MINSTACK 20
#define LUA_REGISTRYINDEX (-LUAI_MAXSTACK - 1000)
#define lua_upvalueindex(i) (LUA_REGISTRYINDEX - (i))
#define LUA_RIDX_MAINTHREAD 1
#define LUA_RIDX_GLOBALS 2
#define LUA_RIDX_LAST LUA_RIDX_GLOBALS

typedef struct lua_State lua_State;
typedef LUA_NUMBER lua_Number;
typedef LUA_INTEGER lua_Integer;
typedef LUA_UNSIGNED lua_Unsigned;
typedef LUA_KCONTEXT lua_KContext;
typedef int (*lua_CFunction)(lua_State *L);
typedef int (*lua_KFunction)(lua_State *L, int status, lua_KContext context);
typedef const char *(*lua_Reader)(lua_State *L, void *data, size_t *size);
typedef int (*lua_Writer)(lua_State *L, const void *piece, size_t size, void *data);
typedef void *(*lua_Alloc)(void *context, void *block, size_t old_size, size_t size);
typedef void (*lua_WarnFunction)(void *context, const char *message, int to_be_continued);
typedef struct lua_Debug lua_Debug;
typedef void (*lua_Hook)(lua_State *L, lua_Debug *record);

LUA_API const char lua_ident[];

/* States and threads */
LUA_API lua_State *lua_newstate(lua_Alloc allocate, void *context);
LUA_API void lua_close(lua_State *L);
LUA_API lua_State *lua_newthread(lua_State *L);
LUA_API int lua_closethread(lua_State *L, lua_State *from);
LUA_API int lua_resetthread(lua_State *L);
LUA_API lua_CFunction lua_atpanic(lua_State *L, lua_CFunction function);
LUA_API lua_Number lua_version(lua_State *L);

/* The stack */
LUA_API int lua_absindex(lua_State *L, int index);
LUA_API int lua_gettop(lua_State *L);
LUA_API void lua_settop(lua_State *L, int index);
LUA_API void lua_pushvalue(lua_State *L, int index);
LUA_API void lua_rotate(lua_State *L, int index, int n);
LUA_API void lua_copy(lua_State *L, int from, int to);
LUA_API int lua_checkstack(lua_State *L, int n);
LUA_API void lua_xmove(lua_State *from, lua_State *to, int n);

/* Reading values */
LUA_API int lua_isnumber(lua_State *L, int index);
LUA_API int lua_isstring(lua_State *L, int index);
LUA_API int lua_iscfunction(lua_State *L, int index);
LUA_API int lua_isinteger(lua_State *L, int index);
LUA_API int lua_isuserdata(lua_State *L, int index);
LUA_API int lua_type(lua_State *L, int index);
LUA_API const char *lua_typename(lua_State *L, int type);
LUA_API lua_Number lua_tonumberx(lua_State *L, int index, int *is_number);
LUA_API lua_Integer lua_tointegerx(lua_State *L, int index, int *is_integer);
LUA_API int lua_toboolean(lua_State *L, int index);
LUA_API const char *lua_tolstring(lua_State *L, int index, size_t *length);
LUA_API lua_Unsigned lua_rawlen(lua_State *L, int index);
LUA_API lua_CFunction lua_tocfunction(lua_State *L, int index);
LUA_API void *lua_touserdata(lua_State *L, int index);
LUA_API lua_State *lua_tothread(lua_State *L, int index);
LUA_API const void *lua_topointer(lua_State *L, int index);

/* Operations */
#define LUA_OPADD 0
#define LUA_OPSUB 1
#define LUA_OPMUL 2
#define LUA_OPMOD 3
#define LUA_OPPOW 4
#define LUA_OPDIV 5
#define LUA_OPIDIV 6
#define LUA_OPBAND 7
#define LUA_OPBOR 8
#define LUA_OPBXOR 9
#define LUA_OPSHL 10
#define LUA_OPSHR 11
#define LUA_OPUNM 12
#define LUA_OPBNOT 13
LUA_API void lua_arith(lua_State *L, int operation);
#define LUA_OPEQ 0
#define LUA_OPLT 1
#define LUA_OPLE 2
LUA_API int lua_rawequal(lua_State *L, int left, int right);
LUA_API int lua_compare(lua_State *L, int left, int right, int operation);
LUA_API void lua_concat(lua_State *L, int n);
LUA_API void lua_len(lua_State *L, int index);
LUA_API size_t lua_stringtonumber(lua_State *L, const char *text);
LUA_API int lua_next(lua_State *L, int index);

/* Pushing values */
LUA_API void lua_pushnil(lua_State *L);
LUA_API void lua_pushnumber(lua_State *L, lua_Number n);
LUA_API void lua_pushinteger(lua_State *L, lua_Integer n);
LUA_API const char *lua_pushlstring(lua_State *L, const char *text, size_t length);
LUA_API const char *lua_pushstring(lua_State *L, const char *text);
LUA_API const char *lua_pushvfstring(lua_State *L, const char *format, va_list arguments);
LUA_API const char *lua_pushfstring(lua_State *L, const char *format, ...);
LUA_API void lua_pushcclosure(lua_State *L, lua_CFunction function, int upvalues);
LUA_API void lua_pushboolean(lua_State *L, int truth);
LUA_API void lua_pushlightuserdata(lua_State *L, void *pointer);
LUA_API int lua_pushthread(lua_State *L);

/* Reading and writing what values hold */
LUA_API int lua_getglobal(lua_State *L, const char *name);
LUA_API int lua_gettable(lua_State *L, int index);
LUA_API int lua_getfield(lua_State *L, int index, const char *key);
LUA_API int lua_geti(lua_State *L, int index, lua_Integer n);
LUA_API int lua_rawget(lua_State *L, int index);
LUA_API int lua_rawgeti(lua_State *L, int index, lua_Integer n);
LUA_API int lua_rawgetp(lua_State *L, int index, const void *pointer);
LUA_API void lua_createtable(lua_State *L, int array_size, int fields);
LUA_API void *lua_newuserdatauv(lua_State *L, size_t size, int user_values);
LUA_API int lua_getmetatable(lua_State *L, int index);
LUA_API int lua_getiuservalue(lua_State *L, int index, int n);
LUA_API void lua_setglobal(lua_State *L, const char *name);
LUA_API void lua_settable(lua_State *L, int index);
LUA_API void lua_setfield(lua_State *L, int index, const char *key);
LUA_API void lua_seti(lua_State *L, int index, lua_Integer n);
LUA_API void lua_rawset(lua_State *L, int index);
LUA_API void lua_rawseti(lua_State *L, int index, lua_Integer n);
LUA_API void lua_rawsetp(lua_State *L, int index, const void *pointer);
LUA_API int lua_setmetatable(lua_State *L, int index);
LUA_API int lua_setiuservalue(lua_State *L, int index, int n);

/* Calls, chunks, coroutines */
LUA_API void lua_callk(lua_State *L, int arguments, int results, lua_KContext context, lua_KFunction k);
LUA_API int lua_pcallk(lua_State *L, int arguments, int results, int handler, lua_KContext context, lua_KFunction k);
#define lua_call(L, arguments, results) lua_callk(L, (arguments), (results), 0, NULL)
#define lua_pcall(L, arguments, results, handler) lua_pcallk(L, (arguments), (results), (handler), 0, NULL)
LUA_API int lua_load(lua_State *L, lua_Reader reader, void *data, const char *chunkname, const char *mode);
LUA_API int lua_dump(lua_State *L, lua_Writer writer, void *data, int strip);
LUA_API int lua_yieldk(lua_State *L, int results, lua_KContext context, lua_KFunction k);
#define lua_yield(L, results) lua_yieldk(L, (results), 0, NULL)
LUA_API int lua_resume(lua_State *L, lua_State *from, int arguments, int *results);
LUA_API int lua_status(lua_State *L);
LUA_API int lua_isyieldable(lua_State *L);
LUA_API int lua_error(lua_State *L);
LUA_API void lua_toclose(lua_State *L, int index);
LUA_API void lua_closeslot(lua_State *L, int index);

/* Warnings */
LUA_API void lua_setwarnf(lua_State *L, lua_WarnFunction function, void *context);
LUA_API void lua_warning(lua_State *L, const char *message, int to_be_continued);

/* Memory */
#define LUA_GCSTOP 0
#define LUA_GCRESTART 1
#define LUA_GCCOLLECT 2
#define LUA_GCCOUNT 3
#define LUA_GCCOUNTB 4
#define LUA_GCSTEP 5
#define LUA_GCSETPAUSE 6
#define LUA_GCSETSTEPMUL 7
#define LUA_GCISRUNNING 9
#define LUA_GCGEN 10
#define LUA_GCINC 11
LUA_API int lua_gc(lua_State *L, int what, ...);
LUA_API lua_Alloc lua_getallocf(lua_State *L, void **context);
LUA_API void lua_setallocf(lua_State *L, lua_Alloc allocate, void *context);
#define lua_getextraspace(L) ((void *)((char *)(L) - LUA_EXTRASPACE))

/* Short forms */
#define lua_tonumber(L, index) lua_tonumberx(L, (index), NULL)
#define lua_tointeger(L, index) lua_tointegerx(L, (index), NULL)
#define lua_tostring(L, index) lua_tolstring(L, (index), NULL)
#define lua_pop(L, n) lua_settop(L, -(n) - 1)
#define lua_newtable(L) lua_createtable(L, 0, 0)
#define lua_pushcfunction(L, function) lua_pushcclosure(L, (function), 0)
#define lua_register(L, name, function) (lua_pushcfunction(L, (function)), lua_setglobal(L, (name)))
#define lua_isfunction(L, index) (lua_type(L, (index)) == LUA_TFUNCTION)
#define lua_istable(L, index) (lua_type(L, (index)) == LUA_TTABLE)
#define lua_islightuserdata(L, index) (lua_type(L, (index)) == LUA_TLIGHTUSERDATA)
#define lua_isnil(L, index) (lua_type(L, (index)) == LUA_TNIL)
#define lua_isboolean(L, index) (lua_type(L, (index)) == LUA_TBOOLEAN)
#define lua_isthread(L, index) (lua_type(L, (index)) == LUA_TTHREAD)
#define lua_isnone(L, index) (lua_type(L, (index)) == LUA_TNONE)
#define lua_isnoneornil(L, index) (lua_type(L, (index)) <= LUA_TNIL)
#define lua_pushliteral(L, text) lua_pushstring(L, "" text)
#define lua_pushglobaltable(L) ((void)lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS))
#define lua_insert(L, index) lua_rotate(L, (index), 1)
#define lua_remove(L, index) (lua_rotate(L, (index), -1), lua_pop(L, 1))
#define lua_replace(L, index) (lua_copy(L, -1, (index)), lua_pop(L, 1))

/* Names of before 5.4 that its own header still has */
#define LUA_NUMTAGS LUA_NUMTYPES
#define lua_newuserdata(L, size) lua_newuserdatauv(L, (size), 1)
#define lua_getuservalue(L, index) lua_getiuservalue(L, (index), 1)
#define lua_setuservalue(L, index) lua_setiuservalue(L, (index), 1)
#define lua_pushunsigned(L, n) lua_pushinteger(L, (lua_Integer)(n))
#define lua_tounsignedx(L, index, is_integer) ((lua_Unsigned)lua_tointegerx(L, (index), (is_integer)))
#define lua_tounsigned(L, index) lua_tounsignedx(L, (index), NULL)

/* Debugging */
#define LUA_HOOKCALL 0
#define LUA_HOOKRET 1
#define LUA_HOOKLINE 2
#define LUA_HOOKCOUNT 3
#define LUA_HOOKTAILCALL 4
#define LUA_MASKCALL (1 << LUA_HOOKCALL)
#define LUA_MASKRET (1 << LUA_HOOKRET)
#define LUA_MASKLINE (1 << LUA_HOOKLINE)
#define LUA_MASKCOUNT (1 << LUA_HOOKCOUNT)

LUA_API int lua_getstack(lua_State *L, int level, lua_Debug *record);
LUA_API int lua_getinfo(lua_State *L, const char *what, lua_Debug *record);
LUA_API const char *lua_getlocal(lua_State *L, const lua_Debug *record, int n);
LUA_API const char *lua_setlocal(lua_State *L, const lua_Debug *record, int n);
LUA_API const char *lua_getupvalue(lua_State *L, int function, int n);
LUA_API const char *lua_setupvalue(lua_State *L, int function, int n);
LUA_API void *lua_upvalueid(lua_State *L, int function, int n);
LUA_API void lua_upvaluejoin(lua_State *L, int function, int n, int other, int m);
LUA_API void lua_sethook(lua_State *L, lua_Hook hook, int mask, int count);
LUA_API lua_Hook lua_gethook(lua_State *L);
LUA_API int lua_gethookmask(lua_State *L);
LUA_API int lua_gethookcount(lua_State *L);
LUA_API int lua_setcstacklimit(lua_State *L, unsigned int limit);

/* What is known of a function that runs; the letters are those with which lua_getinfo is asked for a field. */
struct lua_Debug {
  int event;
  const char *name;     /* n */
  const char *namewhat; /* n */
  const char *what;     /* S */
  const char *source;   /* S */
  size_t srclen;        /* S */
  int currentline;      /* l */
  int linedefined;      /* S */
  int lastlinedefined;  /* S */
  unsigned char nups;    /* u */
  unsigned char nparams; /* u */
  char isvararg;         /* u */
  char istailcall;       /* t */
  unsigned short ftransfer; /* r */
  unsigned short ntransfer; /* r */
  char short_src[LUA_IDSIZE]; /* S */
  struct CallInfo *i_ci; /* the machine's: which call it is */
};

#ifdef __cplusplus
}
#endif

#endif
