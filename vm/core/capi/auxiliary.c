/* The auxiliary library of the C API: arguments, errors, metatables, references. */
#include <errno.h>
#include <string.h>

#include "capi.h"
#include "lib/system.h"

/* --- errors */

void luaL_where(lua_State *S, int level) { push_where(state_thread(S), level); }

int luaL_error(lua_State *S, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  luaL_where(S, 1);
  lua_pushvfstring(S, format, arguments);
  va_end(arguments);
  lua_concat(S, 2);
  return lua_error(S);
}

int luaL_argerror(lua_State *S, int argument, const char *message) {
  error_argument(state_thread(S), argument, message);
}

int luaL_typeerror(lua_State *S, int argument, const char *type) {
  Thread *L = state_thread(S);
  const Value *v = capi_at(L, argument);
  const char *got = "no value";
  if (v != &capi_none) {
    got = type_name_of(L, v);
    if (v->tag == TAG_LIGHT && got == type_name(v)) got = "light userdata";
  }
  return luaL_argerror(S, argument, lua_pushfstring(S, "%s expected, got %s", type, got));
}

static NORETURN void type_error(lua_State *S, int argument, int type) {
  luaL_typeerror(S, argument, lua_typename(S, type));
  __builtin_unreachable();
}

int luaL_fileresult(lua_State *S, int is_success, const char *path) {
  return push_file_result(state_thread(S), is_success != 0, path);
}

int luaL_execresult(lua_State *S, int status) {
  if (status != 0 && errno != 0) return luaL_fileresult(S, 0, NULL);
  return push_process_result(state_thread(S), status);
}

void luaL_traceback(lua_State *S, lua_State *of, const char *message, int level) {
  push_traceback(state_thread(S), state_thread(of), message, message != NULL ? strlen(message) : 0, level);
}

/* --- arguments */

void luaL_checkstack(lua_State *S, int n, const char *message) {
  if (lua_checkstack(S, n)) return;
  if (message != NULL) luaL_error(S, "stack overflow (%s)", message);
  luaL_error(S, "stack overflow");
}

void luaL_checktype(lua_State *S, int argument, int type) {
  if (UNLIKELY(lua_type(S, argument) != type)) type_error(S, argument, type);
}

void luaL_checkany(lua_State *S, int argument) {
  if (UNLIKELY(lua_type(S, argument) == LUA_TNONE)) luaL_argerror(S, argument, "value expected");
}

const char *luaL_checklstring(lua_State *S, int argument, size_t *length) {
  const char *text = lua_tolstring(S, argument, length);
  if (UNLIKELY(text == NULL)) type_error(S, argument, LUA_TSTRING);
  return text;
}

const char *luaL_optlstring(lua_State *S, int argument, const char *otherwise, size_t *length) {
  if (!lua_isnoneornil(S, argument)) return luaL_checklstring(S, argument, length);
  if (length != NULL) *length = otherwise != NULL ? strlen(otherwise) : 0;
  return otherwise;
}

lua_Number luaL_checknumber(lua_State *S, int argument) {
  int is_number;
  lua_Number n = lua_tonumberx(S, argument, &is_number);
  if (UNLIKELY(!is_number)) type_error(S, argument, LUA_TNUMBER);
  return n;
}

lua_Number luaL_optnumber(lua_State *S, int argument, lua_Number otherwise) {
  return luaL_opt(S, luaL_checknumber, argument, otherwise);
}

lua_Integer luaL_checkinteger(lua_State *S, int argument) {
  int is_integer;
  lua_Integer n = lua_tointegerx(S, argument, &is_integer);
  if (LIKELY(is_integer)) return n;
  if (lua_isnumber(S, argument)) luaL_argerror(S, argument, "number has no integer representation");
  type_error(S, argument, LUA_TNUMBER);
}

lua_Integer luaL_optinteger(lua_State *S, int argument, lua_Integer otherwise) {
  return luaL_opt(S, luaL_checkinteger, argument, otherwise);
}

int luaL_checkoption(lua_State *S, int argument, const char *otherwise, const char *const options[]) {
  const char *name =
    otherwise != NULL ? luaL_optstring(S, argument, otherwise) : luaL_checkstring(S, argument);
  for (int i = 0; options[i] != NULL; i++)
    if (strcmp(options[i], name) == 0) return i;
  return luaL_argerror(S, argument, lua_pushfstring(S, "invalid option '%s'", name));
}

void *luaL_testudata(lua_State *S, int argument, const char *type) {
  Thread *L = state_thread(S);
  const Value *v = capi_at(L, argument);
  if (v->tag != TAG_USERDATA && v->tag != TAG_LIGHT) return NULL;
  const Table *meta = metatable_of(L->vm, v);
  if (meta == NULL) return NULL;
  const Value *wanted = table_get_str(L->vm->registry.table, str_from(L, type));
  if (!is_table(wanted) || wanted->table != meta) return NULL;
  return v->tag == TAG_USERDATA ? v->userdata->data : (void *)(uintptr_t)v->bits;
}

void *luaL_checkudata(lua_State *S, int argument, const char *type) {
  void *data = luaL_testudata(S, argument, type);
  if (UNLIKELY(data == NULL)) luaL_typeerror(S, argument, type);
  return data;
}

/* --- metatables and tables */

int luaL_newmetatable(lua_State *S, const char *type) {
  if (luaL_getmetatable(S, type) != LUA_TNIL) return 0;
  lua_pop(S, 1);
  lua_createtable(S, 0, 2);
  lua_pushstring(S, type);
  lua_setfield(S, -2, "__name");
  lua_pushvalue(S, -1);
  lua_setfield(S, LUA_REGISTRYINDEX, type);
  return 1;
}

void luaL_setmetatable(lua_State *S, const char *type) {
  luaL_getmetatable(S, type);
  lua_setmetatable(S, -2);
}

int luaL_getmetafield(lua_State *S, int index, const char *event) {
  Thread *L = state_thread(S);
  Table *meta = metatable_of(L->vm, capi_at(L, index));
  if (meta == NULL) return LUA_TNIL;
  const Value *field = table_get_str(meta, str_from(L, event));
  if (is_nil(field)) return LUA_TNIL;
  push_value(L, field);
  return capi_top_type(L);
}

int luaL_callmeta(lua_State *S, int index, const char *event) {
  index = lua_absindex(S, index);
  if (luaL_getmetafield(S, index, event) == LUA_TNIL) return 0;
  lua_pushvalue(S, index);
  lua_call(S, 1, 1);
  return 1;
}

const char *luaL_tolstring(lua_State *S, int index, size_t *length) {
  Thread *L = state_thread(S);
  Value v = *capi_at(L, index);
  const Str *text = value_tostring(L, &v);
  if (length != NULL) *length = str_length(text);
  return text->text;
}

lua_Integer luaL_len(lua_State *S, int index) {
  int is_integer;
  lua_len(S, index);
  lua_Integer length = lua_tointegerx(S, -1, &is_integer);
  if (!is_integer) luaL_error(S, "object length is not an integer");
  lua_pop(S, 1);
  return length;
}

int luaL_getsubtable(lua_State *S, int index, const char *key) {
  if (lua_getfield(S, index, key) == LUA_TTABLE) return 1;
  lua_pop(S, 1);
  index = lua_absindex(S, index);
  lua_newtable(S);
  lua_pushvalue(S, -1);
  lua_setfield(S, index, key);
  return 0;
}

void luaL_setfuncs(lua_State *S, const luaL_Reg *functions, int upvalues) {
  luaL_checkstack(S, upvalues, "too many upvalues");
  for (; functions->name != NULL; functions++) {
    if (functions->func == NULL) {
      lua_pushboolean(S, 0); /* a place that is filled later */
    } else {
      for (int i = 0; i < upvalues; i++) lua_pushvalue(S, -upvalues);
      lua_pushcclosure(S, functions->func, upvalues);
    }
    lua_setfield(S, -(upvalues + 2), functions->name);
  }
  lua_pop(S, upvalues);
}

void luaL_requiref(lua_State *S, const char *name, lua_CFunction open, int is_global) {
  luaL_getsubtable(S, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(S, -1, name);
  if (!lua_toboolean(S, -1)) {
    lua_pop(S, 1);
    lua_pushcfunction(S, open);
    lua_pushstring(S, name);
    lua_call(S, 1, 1);
    lua_pushvalue(S, -1);
    lua_setfield(S, -3, name);
  }
  lua_remove(S, -2);
  if (!is_global) return;
  lua_pushvalue(S, -1);
  lua_setglobal(S, name);
}

/* --- references: free ones are a list that begins at this key */

#define FREE_LIST (LUA_RIDX_LAST + 1)

int luaL_ref(lua_State *S, int index) {
  if (lua_isnil(S, -1)) {
    lua_pop(S, 1);
    return LUA_REFNIL;
  }
  Thread *L = state_thread(S);
  Table *t = capi_at(L, index)->table;
  const Value *first = table_get_int(t, FREE_LIST);
  Value number;
  int64_t reference = 0;
  set_int(&number, 0);
  if (is_nil(first))
    table_set_int(L, t, FREE_LIST, &number);
  else
    reference = first->i;
  if (reference != 0) {
    number = *table_get_int(t, reference);
    table_set_int(L, t, FREE_LIST, &number);
  } else {
    reference = table_length(t) + 1;
  }
  table_set_int(L, t, reference, L->top - 1);
  L->top--;
  return (int)reference;
}

void luaL_unref(lua_State *S, int index, int reference) {
  if (reference < 0) return;
  Thread *L = state_thread(S);
  Table *t = capi_at(L, index)->table;
  Value next = *table_get_int(t, FREE_LIST), number;
  set_int(&number, reference);
  table_set_int(L, t, reference, &next);
  table_set_int(L, t, FREE_LIST, &number);
}

int luaL_loadstring(lua_State *S, const char *text) {
  return luaL_loadbufferx(S, text, strlen(text), text, NULL);
}
