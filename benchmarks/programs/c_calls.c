/* The C module that benchmarks/c_calls.py measures: functions that do next to nothing, called and calling back. */
#include "lauxlib.h"
#include "lua.h"

static int none(lua_State *L) {
  (void)L;
  return 0;
}

static int one(lua_State *L) {
  lua_pushinteger(L, lua_tointeger(L, 1));
  return 1;
}

static int two(lua_State *L) {
  lua_pushinteger(L, luaL_checkinteger(L, 1) + luaL_checkinteger(L, 2));
  return 1;
}

static int three(lua_State *L) {
  lua_pushnumber(L, luaL_checknumber(L, 1) * luaL_checknumber(L, 2) + luaL_checknumber(L, 3));
  return 1;
}

/* (function, n): calls it n times and returns the sum of its results. */
static int call(lua_State *L) {
  lua_Integer sum = 0, n = luaL_checkinteger(L, 2);
  for (lua_Integer i = 1; i <= n; i++) {
    lua_pushvalue(L, 1);
    lua_pushinteger(L, i);
    lua_call(L, 1, 1);
    sum += lua_tointeger(L, -1);
    lua_pop(L, 1);
  }
  lua_pushinteger(L, sum);
  return 1;
}

/* The same with lua_pcall; a call that fails counts as 1. */
static int pcall(lua_State *L) {
  lua_Integer sum = 0, n = luaL_checkinteger(L, 2);
  for (lua_Integer i = 1; i <= n; i++) {
    lua_pushvalue(L, 1);
    lua_pushinteger(L, i);
    sum += lua_pcall(L, 1, 1, 0) == LUA_OK ? lua_tointeger(L, -1) : 1;
    lua_pop(L, 1);
  }
  lua_pushinteger(L, sum);
  return 1;
}

/* (text, n): n pieces in a buffer. */
static int buffer(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  lua_Integer n = luaL_checkinteger(L, 2);
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (lua_Integer i = 0; i < n; i++) {
    luaL_addlstring(&b, text, length);
    luaL_addchar(&b, ';');
  }
  luaL_pushresult(&b);
  return 1;
}

#define COUNTER "c_calls.counter"

static int counter_new(lua_State *L) {
  *(lua_Integer *)lua_newuserdatauv(L, sizeof(lua_Integer), 0) = 0;
  luaL_setmetatable(L, COUNTER);
  return 1;
}

static int counter_add(lua_State *L) {
  lua_Integer *counter = luaL_checkudata(L, 1, COUNTER);
  *counter += luaL_checkinteger(L, 2);
  return 0;
}

static int counter_value(lua_State *L) {
  lua_pushinteger(L, *(lua_Integer *)luaL_checkudata(L, 1, COUNTER));
  return 1;
}

/* A field that is computed. */
static int counter_index(lua_State *L) {
  const lua_Integer *counter = luaL_checkudata(L, 1, COUNTER);
  const char *name = luaL_checkstring(L, 2);
  lua_pushinteger(L, name[0] == 't' ? 2 * *counter : *counter);
  return 1;
}

static const luaL_Reg functions[] = {
  {"none", none},     {"one", one},       {"two", two},                 {"three", three}, {"call", call},
  {"pcall", pcall},   {"buffer", buffer}, {"counter", counter_new},     {NULL, NULL},
};
static const luaL_Reg methods[] = {{"add", counter_add}, {"value", counter_value}, {NULL, NULL}};

LUAMOD_API int luaopen_c_calls(lua_State *L) {
  luaL_newmetatable(L, COUNTER);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  luaL_newlib(L, functions);
  lua_pushcfunction(L, counter_index);
  lua_setfield(L, -2, "counter_index");
  return 1;
}
