/* A C module that uses what the C API has, in ways that programs can see: tests/modules/corners.lua drives it, here and on
   the reference implementation. */
#include <stdlib.h>
#include <string.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

/* --- the stack and values */

static int stack(lua_State *L) {
  lua_settop(L, 0);
  for (int i = 1; i <= 5; i++) lua_pushinteger(L, i);
  lua_insert(L, 2);
  lua_rotate(L, 1, -2);
  lua_pushvalue(L, -3);
  lua_remove(L, 1);
  lua_pushliteral(L, "end");
  lua_replace(L, 2);
  lua_copy(L, 1, 3);
  lua_pushboolean(L, lua_absindex(L, -1) == lua_gettop(L));
  lua_pushboolean(L, lua_absindex(L, LUA_REGISTRYINDEX) == LUA_REGISTRYINDEX);
  lua_pushboolean(L, lua_checkstack(L, 1000));
  lua_pushboolean(L, lua_checkstack(L, 2000000));
  return lua_gettop(L);
}

static int types(lua_State *L) {
  luaL_Buffer b;
  int top = lua_gettop(L);
  luaL_buffinit(L, &b);
  for (int i = 1; i <= top + 1; i++) {
    lua_pushfstring(L, "%s:%d%d%d%d%d%d ", luaL_typename(L, i), lua_isnumber(L, i), lua_isstring(L, i),
                    lua_isinteger(L, i), lua_iscfunction(L, i), lua_isuserdata(L, i), lua_toboolean(L, i));
    luaL_addvalue(&b);
  }
  luaL_pushresult(&b);
  return 1;
}

static int numbers(lua_State *L) {
  int is_number, is_integer;
  lua_Number n = lua_tonumberx(L, 1, &is_number);
  lua_Integer i = lua_tointegerx(L, 1, &is_integer);
  size_t length = 99;
  lua_pushnumber(L, n);
  lua_pushboolean(L, is_number);
  lua_pushinteger(L, i);
  lua_pushboolean(L, is_integer);
  lua_pushinteger(L, (lua_Integer)lua_rawlen(L, 1));
  lua_pushstring(L, lua_tolstring(L, 1, &length)); /* a number becomes a string in its place */
  lua_pushinteger(L, (lua_Integer)length);
  lua_pushstring(L, luaL_typename(L, 1));
  return 8;
}

static int format(lua_State *L) {
  lua_pushfstring(L, "%s|%s|%d|%I|%f|%f|%c|%U|%U|%U|%%|%p", "text", (char *)NULL, -7, (LUAI_UACINT)LUA_MININTEGER, 1.5, 3.0,
                  'x', 0x7FL, 0x20ACL, 0x7FFFFFFFL, (void *)NULL);
  lua_pushfstring(L, "plain");
  lua_pushfstring(L, "%s%s", luaL_checkstring(L, 1), luaL_checkstring(L, 1));
  return 3;
}

static int format_wrongly(lua_State *L) {
  lua_pushfstring(L, "%y", 1);
  return 1;
}

static int arithmetic(lua_State *L) {
  int operation = (int)luaL_checkinteger(L, 1);
  lua_arith(L, operation);
  return 1;
}

static int compare(lua_State *L) {
  lua_pushboolean(L, lua_rawequal(L, 1, 2));
  for (int operation = LUA_OPEQ; operation <= LUA_OPLE; operation++) lua_pushboolean(L, lua_compare(L, 1, 2, operation));
  lua_pushboolean(L, lua_compare(L, 1, 9, LUA_OPEQ));
  return 5;
}

static int concat(lua_State *L) {
  lua_concat(L, lua_gettop(L));
  return 1;
}

static int length(lua_State *L) {
  lua_len(L, 1);
  lua_pushinteger(L, luaL_len(L, 1));
  return 2;
}

static int to_number(lua_State *L) {
  size_t size = lua_stringtonumber(L, luaL_checkstring(L, 1));
  if (size == 0) lua_pushnil(L);
  lua_pushinteger(L, (lua_Integer)size);
  return 2;
}

static int pairs_of(lua_State *L) {
  lua_Integer count = 0, sum = 0;
  luaL_checktype(L, 1, LUA_TTABLE);
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
    count++;
    sum += lua_tointeger(L, -1);
  }
  lua_pushinteger(L, count);
  lua_pushinteger(L, sum);
  return 2;
}

/* --- tables and userdata */

static int access(lua_State *L) {
  lua_settop(L, 1);
  static char key;
  lua_pushinteger(L, 10);
  lua_setfield(L, 1, "field");
  lua_pushinteger(L, 20);
  lua_seti(L, 1, 1);
  lua_pushinteger(L, 30);
  lua_rawsetp(L, 1, &key);
  lua_pushliteral(L, "name");
  lua_pushliteral(L, "value");
  lua_settable(L, 1);
  lua_pushliteral(L, "raw");
  lua_pushboolean(L, 0);
  lua_rawset(L, 1);
  lua_pushinteger(L, lua_getfield(L, 1, "field"));
  lua_pushinteger(L, lua_geti(L, 1, 1));
  lua_pushinteger(L, lua_geti(L, 1, 2));
  lua_pushinteger(L, lua_rawgetp(L, 1, &key));
  lua_pushinteger(L, lua_rawgeti(L, 1, 77));
  lua_pushliteral(L, "name");
  lua_pushinteger(L, lua_gettable(L, 1));
  lua_pushliteral(L, "raw");
  lua_pushinteger(L, lua_rawget(L, 1));
  return lua_gettop(L) - 1;
}

static int globals(lua_State *L) {
  lua_pushinteger(L, 5);
  lua_setglobal(L, "set_by_c");
  lua_pushinteger(L, lua_getglobal(L, "set_by_c"));
  lua_pushglobaltable(L);
  lua_pushboolean(L, lua_rawequal(L, -1, -1));
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  lua_pushboolean(L, lua_isthread(L, -1));
  return 5;
}

#define POINT "corners.point"

static int new_point(lua_State *L) {
  double x = luaL_checknumber(L, 1), y = luaL_optnumber(L, 2, -1);
  double *p = lua_newuserdatauv(L, 2 * sizeof *p, 2);
  p[0] = x;
  p[1] = y;
  luaL_setmetatable(L, POINT);
  lua_pushliteral(L, "first");
  lua_pushinteger(L, lua_setiuservalue(L, -2, 1));
  lua_pop(L, 1);
  lua_pushliteral(L, "third");
  if (lua_setiuservalue(L, -2, 3) != 0) return luaL_error(L, "there is no third value");
  return 1;
}

static int point_values(lua_State *L) {
  const double *p = luaL_checkudata(L, 1, POINT);
  lua_pushnumber(L, p[0] + p[1]);
  lua_pushinteger(L, lua_getiuservalue(L, 1, 1));
  lua_pushinteger(L, lua_getiuservalue(L, 1, 2));
  lua_pushinteger(L, lua_getiuservalue(L, 1, 3));
  lua_pushinteger(L, (lua_Integer)lua_rawlen(L, 1));
  lua_pushboolean(L, lua_touserdata(L, 1) == p && lua_topointer(L, 1) == p);
  lua_pushboolean(L, luaL_testudata(L, 1, "other") == NULL && luaL_testudata(L, 2, POINT) == NULL);
  return 10;
}

static int point_text(lua_State *L) {
  const double *p = luaL_checkudata(L, 1, POINT);
  lua_pushfstring(L, "(%f, %f)", p[0], p[1]);
  return 1;
}

static int collected;

static int point_collect(lua_State *L) {
  luaL_checkudata(L, 1, POINT);
  collected++;
  return 0;
}

static int how_many_collected(lua_State *L) {
  lua_pushinteger(L, collected);
  return 1;
}

static int light(lua_State *L) {
  static char a, b;
  lua_newtable(L);
  lua_pushlightuserdata(L, &a);
  lua_pushinteger(L, 1);
  lua_settable(L, -3);
  lua_pushlightuserdata(L, &b);
  lua_pushinteger(L, 2);
  lua_settable(L, -3);
  lua_pushlightuserdata(L, &a);
  lua_gettable(L, -2);
  lua_pushlightuserdata(L, &b);
  lua_pushlightuserdata(L, &b);
  lua_pushboolean(L, lua_compare(L, -1, -2, LUA_OPEQ));
  lua_pushboolean(L, lua_touserdata(L, -2) == &b);
  lua_pushlightuserdata(L, (void *)0x1234);
  luaL_tolstring(L, -1, NULL);
  lua_pushlightuserdata(L, NULL);
  luaL_tolstring(L, -1, NULL);
  lua_remove(L, -2);
  lua_remove(L, -3);
  lua_remove(L, -5);
  lua_remove(L, -5);
  return 5;
}

static int metatables(lua_State *L) {
  lua_settop(L, 1);
  lua_pushinteger(L, lua_getmetatable(L, 1));
  lua_newtable(L);
  lua_pushliteral(L, "NAMED");
  lua_setfield(L, -2, "__name");
  lua_setmetatable(L, 1);
  lua_pushinteger(L, luaL_getmetafield(L, 1, "__name"));
  lua_pushinteger(L, luaL_getmetafield(L, 1, "__none"));
  lua_pushinteger(L, luaL_newmetatable(L, "corners.twice"));
  lua_pushinteger(L, luaL_newmetatable(L, "corners.twice"));
  lua_pushboolean(L, lua_rawequal(L, -2, -4));
  lua_pushboolean(L, luaL_callmeta(L, 1, "__tostring"));
  return lua_gettop(L) - 1;
}

static int references(lua_State *L) {
  lua_newtable(L);
  int t = lua_gettop(L);
  lua_pushliteral(L, "one");
  int one = luaL_ref(L, t);
  lua_pushliteral(L, "two");
  int two = luaL_ref(L, t);
  lua_pushnil(L);
  lua_pushinteger(L, luaL_ref(L, t));
  luaL_unref(L, t, one);
  luaL_unref(L, t, LUA_NOREF);
  luaL_unref(L, t, LUA_REFNIL);
  lua_pushliteral(L, "three");
  int three = luaL_ref(L, t);
  lua_pushboolean(L, three == one && two != one);
  lua_rawgeti(L, t, three);
  lua_rawgeti(L, t, two);
  return 4;
}

/* --- buffers */

static int buffers(lua_State *L) {
  luaL_Buffer b;
  int times = (int)luaL_checkinteger(L, 1);
  luaL_buffinit(L, &b);
  for (int i = 0; i < times; i++) {
    luaL_addchar(&b, 'a');
    luaL_addstring(&b, "bc");
    luaL_addlstring(&b, "d\0e", 3);
    lua_pushinteger(L, i);
    luaL_addvalue(&b);
    char *room = luaL_prepbuffer(&b);
    memcpy(room, "---", 3);
    luaL_addsize(&b, 3);
    luaL_buffsub(&b, 1);
  }
  lua_Integer size = (lua_Integer)luaL_bufflen(&b);
  luaL_pushresult(&b);
  lua_pushinteger(L, size);
  char *room = luaL_buffinitsize(L, &b, 5000);
  memset(room, 'z', 5000);
  luaL_pushresultsize(&b, 5000);
  lua_pushboolean(L, lua_rawlen(L, -1) == 5000);
  lua_remove(L, -2);
  luaL_gsub(L, "one two one", "one", "1");
  return 4;
}

static int error_with_buffer(lua_State *L) {
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  memset(luaL_prepbuffsize(&b, 100000), 'x', 100000);
  return luaL_error(L, "with %d bytes of buffer", 100000);
}

/* --- arguments */

static int arguments(lua_State *L) {
  static const char *const options[] = {"red", "green", NULL};
  size_t size;
  luaL_checkany(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_argcheck(L, lua_toboolean(L, 3), 3, "must be true");
  luaL_argexpected(L, lua_isfunction(L, 4), 4, "callable");
  lua_pushinteger(L, luaL_checkoption(L, 5, "green", options));
  lua_pushinteger(L, luaL_optinteger(L, 6, 42));
  lua_pushstring(L, luaL_optlstring(L, 7, "none", &size));
  lua_pushinteger(L, (lua_Integer)size);
  return 4;
}

static int stack_overflow(lua_State *L) {
  luaL_checkstack(L, 10000000, "too many things");
  return 0;
}

/* --- functions */

static int counter(lua_State *L) {
  lua_Integer n = lua_tointeger(L, lua_upvalueindex(1)) + 1;
  lua_pushinteger(L, n);
  lua_copy(L, -1, lua_upvalueindex(1));
  lua_pushboolean(L, lua_isnone(L, lua_upvalueindex(3)));
  lua_pushvalue(L, lua_upvalueindex(2));
  return 3;
}

static int new_counter(lua_State *L) {
  lua_pushinteger(L, luaL_optinteger(L, 1, 0));
  lua_pushliteral(L, "second");
  lua_pushcclosure(L, counter, 2);
  return 1;
}

static int same_functions(lua_State *L) {
  lua_pushcfunction(L, stack);
  lua_pushcfunction(L, stack);
  lua_pushboolean(L, lua_rawequal(L, -1, -2));
  lua_pushboolean(L, lua_tocfunction(L, -2) == stack);
  lua_getglobal(L, "tostring"); /* one of the library's own */
  lua_CFunction own = lua_tocfunction(L, -1);
  lua_pushcfunction(L, own);
  lua_pushboolean(L, lua_rawequal(L, -1, -2));
  lua_pushcfunction(L, own);
  lua_pushinteger(L, 12);
  lua_call(L, 1, 1);
  return lua_gettop(L) - 2;
}

static int call_own(lua_State *L) { return lua_tocfunction(L, 1) != NULL ? lua_tocfunction(L, lua_upvalueindex(1))(L) : 0; }

static int upvalues(lua_State *L) {
  lua_settop(L, 2);
  lua_pushstring(L, lua_getupvalue(L, 1, 1));
  lua_pushinteger(L, 99);
  lua_pushstring(L, lua_setupvalue(L, 1, 1));
  lua_pushboolean(L, lua_getupvalue(L, 1, 9) == NULL);
  lua_pushboolean(L, lua_upvalueid(L, 1, 1) == lua_upvalueid(L, 2, 1));
  lua_upvaluejoin(L, 1, 1, 2, 1);
  lua_pushboolean(L, lua_upvalueid(L, 1, 1) == lua_upvalueid(L, 2, 1));
  return lua_gettop(L) - 2;
}

/* --- calls and errors */

static int call(lua_State *L) {
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

static int call_for_two(lua_State *L) {
  lua_call(L, lua_gettop(L) - 1, 2);
  return lua_gettop(L);
}

static int trace(lua_State *L) {
  luaL_traceback(L, L, lua_tostring(L, 1), 1);
  return 1;
}

static int protected_call(lua_State *L) {
  lua_pushinteger(L, lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0));
  lua_insert(L, 1);
  return lua_gettop(L);
}

static int traced_call(lua_State *L) {
  lua_pushcfunction(L, trace);
  lua_insert(L, 1);
  lua_pushinteger(L, lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 1));
  lua_replace(L, 1);
  return lua_gettop(L);
}

static int handled_call(lua_State *L) { /* function, handler */
  lua_pushvalue(L, 1);
  lua_pushinteger(L, lua_pcall(L, 0, 0, 2));
  lua_pushvalue(L, -2);
  return 2;
}

static int throw(lua_State *L) {
  lua_settop(L, 1);
  return lua_error(L);
}

static int throw_text(lua_State *L) { return luaL_error(L, "from C: %s %d", luaL_checkstring(L, 1), 7); }

static int where(lua_State *L) {
  luaL_where(L, 1);
  luaL_where(L, 100);
  return 2;
}

/* --- variables to be closed */

static int closing(lua_State *L) { /* two objects with __close, and a function that is called between */
  lua_settop(L, 3);
  lua_pushvalue(L, 1);
  lua_toclose(L, -1);
  lua_pushvalue(L, 2);
  lua_toclose(L, -1);
  lua_closeslot(L, -1);
  lua_pushboolean(L, lua_isnil(L, -1));
  lua_replace(L, -2);
  lua_pushvalue(L, 3);
  lua_call(L, 0, 0);
  lua_pushliteral(L, "result");
  return 2;
}

static int popping(lua_State *L) {
  lua_pushvalue(L, 1);
  lua_toclose(L, -1);
  lua_pop(L, 1);
  lua_pushliteral(L, "popped");
  return 1;
}

/* --- coroutines */

static int finish(lua_State *L, int status, lua_KContext context) {
  lua_pushinteger(L, status);
  lua_pushinteger(L, (lua_Integer)context);
  return lua_gettop(L);
}

static int yield_plain(lua_State *L) { return lua_yield(L, lua_gettop(L)); }

static int yield_with(lua_State *L) { return lua_yieldk(L, lua_gettop(L) - 1, 17, finish); }

static int call_with(lua_State *L) {
  lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 23, finish);
  return finish(L, LUA_OK, 23);
}

static int pcall_with(lua_State *L) {
  int status = lua_pcallk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, 31, finish);
  return finish(L, status == LUA_OK ? LUA_YIELD : status, 31); /* as it is called if something yields */
}

static int count_down(lua_State *L, int status, lua_KContext left) {
  (void)status;
  if (left == 0) return lua_gettop(L);
  lua_pushinteger(L, (lua_Integer)left);
  return lua_yieldk(L, 1, left - 1, count_down);
}

static int countdown(lua_State *L) {
  lua_Integer from = luaL_checkinteger(L, 1);
  lua_settop(L, 0);
  return count_down(L, LUA_OK, (lua_KContext)from);
}

static int yieldable(lua_State *L) {
  lua_pushboolean(L, lua_isyieldable(L));
  lua_pushboolean(L, lua_pushthread(L));
  lua_remove(L, -2);
  return 2;
}

static int run_thread(lua_State *L) { /* a function and the values that it is resumed with, one after the other */
  int top = lua_gettop(L), results;
  lua_State *thread = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, thread, 1);
  lua_newtable(L);
  for (int i = 2; i <= top; i++) {
    lua_pushvalue(L, i);
    lua_xmove(L, thread, 1);
    int status = lua_resume(thread, L, 1, &results);
    int is_error = status > LUA_YIELD;
    if (is_error) results = 1; /* the others are what the error left there */
    lua_pushfstring(L, "%d %d %d", status, results, lua_status(thread));
    for (int j = results; j > 0; j--) {
      const char *text = luaL_tolstring(thread, -j, NULL);
      lua_pushfstring(L, " %s", text);
      lua_concat(L, 2);
      lua_pop(thread, 1);
    }
    if (!is_error) lua_pop(thread, results);
    lua_rawseti(L, -2, i - 1);
    if (is_error) break;
  }
  lua_pushinteger(L, lua_resetthread(thread));
  lua_pushinteger(L, lua_gettop(thread));
  lua_pushinteger(L, lua_status(thread));
  return 4;
}

static int run_twice(lua_State *L) { /* the same thread again, when what it ran has ended */
  int results;
  lua_State *thread = lua_newthread(L);
  for (int i = 0; i < 2; i++) {
    lua_pushvalue(L, 1);
    lua_xmove(L, thread, 1);
    lua_pushinteger(thread, i);
    lua_pushinteger(L, lua_resume(thread, L, 1, &results));
    lua_xmove(thread, L, results);
  }
  lua_pushinteger(L, lua_resume(thread, L, 0, &results));
  lua_pushstring(L, lua_tostring(thread, -1));
  lua_remove(L, 2);
  return lua_gettop(L) - 1;
}

static int other_thread(lua_State *L) { /* work on a thread that does not run */
  lua_State *thread = lua_newthread(L);
  lua_pushinteger(thread, lua_pushthread(thread));
  lua_pushvalue(L, 1);
  lua_xmove(L, thread, 1);
  lua_pushliteral(thread, "argument");
  lua_pushinteger(thread, lua_pcall(thread, 1, 1, 0));
  lua_pushinteger(L, lua_gettop(thread));
  lua_xmove(thread, L, 2);
  return 3;
}

/* --- chunks */

typedef struct Pieces {
  const char *text;
  int left;
} Pieces;

static const char *next_piece(lua_State *L, void *data, size_t *size) {
  Pieces *p = data;
  (void)L;
  if (p->left == 0) return NULL;
  p->left--;
  *size = strlen(p->text);
  return p->text;
}

static int load_pieces(lua_State *L) {
  Pieces pieces = {"x = (x or 0) + 1 ", 3};
  lua_pushinteger(L, lua_load(L, next_piece, &pieces, "=pieces", "t"));
  lua_insert(L, -2);
  lua_call(L, 0, 0);
  lua_getglobal(L, "x");
  Pieces wrong = {"return = ", 1};
  lua_pushinteger(L, lua_load(L, next_piece, &wrong, "@wrong.lua", NULL));
  lua_insert(L, -2);
  return 4;
}

static int load_texts(lua_State *L) {
  lua_pushinteger(L, luaL_loadstring(L, "return ..., 2"));
  lua_insert(L, -2);
  lua_pushinteger(L, 1);
  lua_call(L, 1, 2);
  lua_pushinteger(L, luaL_loadbufferx(L, "return 1", 8, "=name", "b"));
  lua_insert(L, -2);
  lua_pushinteger(L, luaL_dostring(L, "error('in chunk', 0)"));
  lua_insert(L, -2);
  lua_pushinteger(L, luaL_loadfile(L, "/no/such/file.lua"));
  lua_insert(L, -2);
  return 9;
}

static int add_piece(lua_State *L, const void *piece, size_t size, void *data) {
  (void)L;
  luaL_addlstring(data, piece, size);
  return 0;
}

static int dump_and_load(lua_State *L) {
  luaL_Buffer b;
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  lua_newtable(L); /* a buffer must be on the top, where the function has to be too: so it is on another stack */
  lua_State *thread = lua_newthread(L);
  luaL_buffinit(thread, &b);
  lua_pushvalue(L, 1);
  lua_pushinteger(L, lua_dump(L, add_piece, &b, 1));
  luaL_pushresult(&b);
  size_t size;
  const char *bytes = lua_tolstring(thread, -1, &size);
  lua_pushboolean(L, bytes[0] == LUA_SIGNATURE[0]);
  lua_pushinteger(L, luaL_loadbufferx(L, bytes, size, "dumped", "b"));
  lua_insert(L, -2);
  lua_pushinteger(L, 20);
  lua_call(L, 1, 1);
  return 4;
}

/* --- debugging */

static int info(lua_State *L) {
  lua_Debug ar;
  if (!lua_getstack(L, (int)luaL_checkinteger(L, 1), &ar)) return luaL_error(L, "no such level");
  lua_pushinteger(L, lua_getinfo(L, "nSltufr", &ar));
  lua_pushfstring(L, "%s %s %s %s %s %d %d %d %d %d %d %d", ar.name != NULL ? ar.name : "-", ar.namewhat, ar.what, ar.source,
                  ar.short_src, (int)ar.srclen, ar.currentline, ar.linedefined, ar.lastlinedefined, ar.nups, ar.nparams,
                  ar.isvararg);
  lua_pushboolean(L, lua_isfunction(L, -3) || lua_isfunction(L, -2));
  return 2;
}

static int function_info(lua_State *L) {
  lua_Debug ar;
  lua_settop(L, 1);
  lua_pushvalue(L, 1);
  lua_getinfo(L, ">SuL", &ar);
  lua_pushfstring(L, "%s %d %d %d %d", ar.what, ar.linedefined, ar.lastlinedefined, ar.nups, ar.nparams);
  lua_pushvalue(L, 1);
  lua_pushstring(L, lua_getlocal(L, NULL, 1));
  return 2;
}

static int locals(lua_State *L) {
  lua_Debug ar;
  int count = 0;
  lua_getstack(L, 1, &ar);
  lua_newtable(L);
  for (int i = 1;; i++) {
    const char *name = lua_getlocal(L, &ar, i);
    if (name == NULL) break;
    if (strcmp(name, "changed") == 0) {
      lua_pushliteral(L, "by C");
      lua_setlocal(L, &ar, i);
    }
    lua_pushfstring(L, "%s=%s", name, luaL_tolstring(L, -1, NULL));
    lua_replace(L, -3);
    lua_pop(L, 1);
    if (name[0] == '(') {
      lua_pop(L, 1);
      continue;
    }
    lua_rawseti(L, -2, ++count);
  }
  return 1;
}

static int events[5], last_line;

static void hook(lua_State *L, lua_Debug *ar) {
  events[ar->event]++;
  if (ar->event == LUA_HOOKLINE) last_line = ar->currentline;
  lua_getinfo(L, "S", ar);
}

static int hooked(lua_State *L) {
  memset(events, 0, sizeof events);
  lua_sethook(L, hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE, 0);
  lua_pushvalue(L, 1);
  lua_call(L, 0, 0);
  lua_pushboolean(L, lua_gethook(L) == hook && lua_gethookmask(L) == (LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE));
  lua_sethook(L, NULL, 0, 0);
  lua_pushboolean(L, lua_gethook(L) == NULL && lua_gethookmask(L) == 0);
  lua_pushfstring(L, "%d calls %d returns %d lines, last %d", events[LUA_HOOKCALL], events[LUA_HOOKRET],
                  events[LUA_HOOKLINE], last_line);
  return 3;
}

static void stopping_hook(lua_State *L, lua_Debug *ar) {
  (void)ar;
  lua_sethook(L, NULL, 0, 0);
  luaL_error(L, "stopped by the hook");
}

static int stop_by_hook(lua_State *L) {
  lua_sethook(L, stopping_hook, LUA_MASKCOUNT, 100);
  lua_pushvalue(L, 1);
  lua_pushinteger(L, lua_pcall(L, 0, 0, 0));
  lua_insert(L, -2);
  return 2;
}

static void yielding_hook(lua_State *L, lua_Debug *ar) {
  (void)ar;
  lua_yield(L, 0);
}

static int yield_by_hook(lua_State *L) { /* how often a function is suspended, one line after the other */
  int results, times = 0;
  lua_State *thread = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, thread, 1);
  lua_sethook(thread, yielding_hook, LUA_MASKLINE, 0);
  while (lua_resume(thread, L, 0, &results) == LUA_YIELD && times < 1000) times++;
  lua_pushinteger(L, times);
  lua_xmove(thread, L, results);
  return results + 1;
}

/* --- memory, warnings, files, other states */

static int collector(lua_State *L) {
  lua_pushboolean(L, lua_gc(L, LUA_GCCOUNT) > 0 && lua_gc(L, LUA_GCCOUNTB) < 1024);
  lua_pushinteger(L, lua_gc(L, LUA_GCISRUNNING));
  lua_pushinteger(L, lua_gc(L, LUA_GCSTOP));
  lua_pushinteger(L, lua_gc(L, LUA_GCISRUNNING));
  lua_gc(L, LUA_GCRESTART);
  lua_pushinteger(L, lua_gc(L, LUA_GCSETPAUSE, 150));
  lua_pushinteger(L, lua_gc(L, LUA_GCSETPAUSE, 200));
  lua_pushinteger(L, lua_gc(L, LUA_GCGEN, 0, 0));
  lua_pushinteger(L, lua_gc(L, LUA_GCINC, 0, 0, 0));
  lua_pushinteger(L, lua_gc(L, LUA_GCCOLLECT));
  lua_pushinteger(L, lua_gc(L, 1000));
  return 10;
}

static int blocks(lua_State *L) {
  void *context;
  lua_Alloc allocate = lua_getallocf(L, &context);
  char *block = allocate(context, NULL, 0, 100);
  memset(block, 'q', 100);
  block = allocate(context, block, 100, 5000);
  lua_pushlstring(L, block, 3);
  allocate(context, block, 5000, 0);
  lua_setallocf(L, allocate, context);
  return 1;
}

static int extra_space(lua_State *L) {
  lua_State *main;
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  main = lua_tothread(L, -1);
  void *before = *(void **)lua_getextraspace(main);
  *(void **)lua_getextraspace(main) = main;
  lua_State *thread = lua_newthread(L);
  lua_pushboolean(L, *(void **)lua_getextraspace(thread) == main);
  *(void **)lua_getextraspace(thread) = thread;
  lua_pushboolean(L, *(void **)lua_getextraspace(main) == main);
  *(void **)lua_getextraspace(main) = before;
  return 2;
}

static char warned[200];

static void keep_warning(void *context, const char *message, int to_be_continued) {
  (void)context;
  strcat(strcat(warned, message), to_be_continued ? "+" : ".");
}

static int warnings(lua_State *L) {
  lua_setwarnf(L, keep_warning, NULL);
  lua_warning(L, "one ", 1);
  lua_warning(L, "two", 0);
  lua_pushvalue(L, 1);
  lua_call(L, 0, 0);
  lua_pushstring(L, warned);
  lua_setwarnf(L, NULL, NULL);
  lua_warning(L, "nobody hears this", 0);
  return 1;
}

static int close_own(lua_State *L) {
  luaL_Stream *stream = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  lua_pushliteral(L, "closed by C");
  lua_pushboolean(L, fclose(stream->f) == 0);
  return 2;
}

static int open_file(lua_State *L) {
  luaL_Stream *stream = lua_newuserdatauv(L, sizeof *stream, 0);
  stream->closef = NULL;
  luaL_setmetatable(L, LUA_FILEHANDLE);
  stream->f = tmpfile();
  stream->closef = close_own;
  return 1;
}

static int close_file(lua_State *L) { /* one of the io library's */
  luaL_Stream *stream = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  lua_CFunction closing_function = stream->closef;
  stream->closef = NULL;
  return closing_function(L);
}

static int results_of_system(lua_State *L) {
  FILE *none = fopen("/no/such/file", "r");
  int count = luaL_fileresult(L, none != NULL, "/no/such/file");
  return count + luaL_fileresult(L, 1, NULL);
}

static void *counting_allocate(void *context, void *block, size_t old_size, size_t size) {
  size_t *used = context;
  if (block == NULL) old_size = 0;
  if (size > old_size && *used + (size - old_size) > 4000000) return NULL;
  *used += size - old_size;
  if (size != 0) return realloc(block, size);
  free(block);
  return NULL;
}

static int other_state(lua_State *L) { /* with an allocator that gives 4 MB */
  size_t used = 0;
  lua_State *other = lua_newstate(counting_allocate, &used);
  luaL_openlibs(other);
  void *context;
  lua_pushboolean(L, lua_getallocf(other, &context) == counting_allocate && context == &used);
  lua_pushinteger(L, luaL_loadbufferx(other, lua_tostring(L, 1), lua_rawlen(L, 1), "=bytes", "b"));
  if (lua_pcall(other, 0, 1, 0) != LUA_OK) lua_pushliteral(other, "failed");
  lua_pushstring(L, lua_tostring(other, -1));
  lua_settop(other, 0);
  lua_pushcfunction(other, buffers); /* far too large */
  lua_pushinteger(other, 5000000);
  lua_pushinteger(L, lua_pcall(other, 1, 0, 0));
  lua_pushstring(L, lua_tostring(other, -1));
  lua_close(other);
  lua_pushinteger(L, (lua_Integer)used);
  return 6;
}

static int libraries(lua_State *L) {
  lua_State *other = luaL_newstate();
  luaL_requiref(other, "_G", luaopen_base, 1);
  lua_pop(other, 1);
  luaL_requiref(other, "string", luaopen_string, 0);
  lua_pushboolean(L, lua_getfield(other, -1, "rep") == LUA_TFUNCTION);
  lua_pushboolean(L, lua_getglobal(other, "string") == LUA_TNIL);
  lua_pushboolean(L, lua_getglobal(other, "print") == LUA_TFUNCTION);
  lua_pushboolean(L, luaL_getsubtable(other, LUA_REGISTRYINDEX, LUA_LOADED_TABLE) == 1);
  lua_pushboolean(L, lua_getfield(other, -1, "string") == LUA_TTABLE);
  lua_pushboolean(L, luaL_getsubtable(other, LUA_REGISTRYINDEX, "corners.sub") == 0);
  lua_close(other);
  return 6;
}

static int version(lua_State *L) {
  luaL_checkversion(L);
  lua_pushnumber(L, lua_version(L));
  return 1;
}

static int wrong_version(lua_State *L) {
  luaL_checkversion_(L, 503, LUAL_NUMSIZES);
  return 0;
}

#define FUNCTION(name) {#name, name}
static const luaL_Reg functions[] = {
  FUNCTION(stack),          FUNCTION(types),        FUNCTION(numbers),       FUNCTION(format),
  FUNCTION(format_wrongly), FUNCTION(arithmetic),   FUNCTION(compare),       FUNCTION(concat),
  FUNCTION(length),         FUNCTION(to_number),    FUNCTION(pairs_of),      FUNCTION(access),
  FUNCTION(globals),        FUNCTION(new_point),    FUNCTION(point_values),  FUNCTION(how_many_collected),
  FUNCTION(light),          FUNCTION(metatables),   FUNCTION(references),    FUNCTION(buffers),
  FUNCTION(error_with_buffer), FUNCTION(arguments), FUNCTION(stack_overflow), FUNCTION(new_counter),
  FUNCTION(same_functions), FUNCTION(upvalues),     FUNCTION(call),          FUNCTION(call_for_two),
  FUNCTION(trace),          FUNCTION(protected_call), FUNCTION(traced_call), FUNCTION(handled_call),
  FUNCTION(throw),          FUNCTION(throw_text),   FUNCTION(where),         FUNCTION(closing),
  FUNCTION(popping),        FUNCTION(yield_plain),  FUNCTION(yield_with),    FUNCTION(call_with),
  FUNCTION(pcall_with),     FUNCTION(countdown),    FUNCTION(yieldable),     FUNCTION(run_thread),
  FUNCTION(run_twice),      FUNCTION(other_thread), FUNCTION(load_pieces),   FUNCTION(load_texts),
  FUNCTION(dump_and_load),  FUNCTION(info),         FUNCTION(function_info), FUNCTION(locals),
  FUNCTION(hooked),         FUNCTION(stop_by_hook), FUNCTION(yield_by_hook), FUNCTION(collector),
  FUNCTION(blocks),         FUNCTION(extra_space),  FUNCTION(warnings),      FUNCTION(open_file),
  FUNCTION(close_file),     FUNCTION(results_of_system), FUNCTION(other_state), FUNCTION(libraries),
  FUNCTION(version),        FUNCTION(wrong_version), {"placeholder", NULL},  {NULL, NULL},
};

LUAMOD_API int luaopen_corners(lua_State *L);
int luaopen_corners(lua_State *L) {
  static const luaL_Reg methods[] = {{"__tostring", point_text}, {"__gc", point_collect}, {NULL, NULL}};
  luaL_newmetatable(L, POINT);
  luaL_setfuncs(L, methods, 0);
  lua_pop(L, 1);
  luaL_newlib(L, functions);
  lua_getglobal(L, "tostring");
  lua_pushcclosure(L, call_own, 1);
  lua_setfield(L, -2, "call_own");
  return 1;
}
