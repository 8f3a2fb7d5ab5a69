/* The C API: tables, userdata, metatables, and what of them metamethods may do. */
#include "capi.h"

/* Both anchor the key, as what they call may collect garbage. */
static int get_named(Thread *L, const Value *object, const char *name) {
  Value from = *object, result;
  Str *key = str_from(L, name);
  if (LIKELY(is_table(&from))) {
    const Value *found = table_get_str(from.table, key);
    if (LIKELY(!is_nil(found) || from.table->meta == NULL)) {
      push_value(L, found);
      return capi_top_type(L);
    }
  }
  push_str(L, key);
  Value boxed = L->top[-1];
  index_get(L, &from, &boxed, &result);
  value_copy(L->top - 1, &result);
  return capi_top_type(L);
}

static void set_named(Thread *L, const Value *object, const char *name) {
  Value to = *object;
  Str *key = str_from(L, name);
  foreign_name(L, L->top - 1, key);
  if (LIKELY(is_table(&to) && to.table->meta == NULL)) {
    table_set_str(L, to.table, key, L->top - 1);
  } else {
    push_str(L, key);
    Value boxed = L->top[-1], value = L->top[-2];
    index_set(L, &to, &boxed, &value);
    L->top--;
  }
  L->top--;
}

int lua_getglobal(lua_State *S, const char *name) {
  Thread *L = state_thread(S);
  return get_named(L, capi_globals(L), name);
}

void lua_setglobal(lua_State *S, const char *name) {
  Thread *L = state_thread(S);
  set_named(L, capi_globals(L), name);
}

int lua_getfield(lua_State *S, int index, const char *key) {
  Thread *L = state_thread(S);
  return get_named(L, capi_at(L, index), key);
}

void lua_setfield(lua_State *S, int index, const char *key) {
  Thread *L = state_thread(S);
  set_named(L, capi_at(L, index), key);
}

int lua_gettable(lua_State *S, int index) {
  Thread *L = state_thread(S);
  Value object = *capi_at(L, index), key = L->top[-1], result;
  index_get(L, &object, &key, &result);
  value_copy(L->top - 1, &result);
  return capi_top_type(L);
}

void lua_settable(lua_State *S, int index) {
  Thread *L = state_thread(S);
  Value object = *capi_at(L, index), key = L->top[-2], value = L->top[-1];
  if (is_string(&key)) foreign_name(L, &value, key.str);
  index_set(L, &object, &key, &value);
  L->top -= 2;
}

int lua_geti(lua_State *S, int index, lua_Integer n) {
  Thread *L = state_thread(S);
  Value object = *capi_at(L, index), key, result;
  set_int(&key, n);
  index_get(L, &object, &key, &result);
  push_value(L, &result);
  return capi_top_type(L);
}

void lua_seti(lua_State *S, int index, lua_Integer n) {
  Thread *L = state_thread(S);
  Value object = *capi_at(L, index), key, value = L->top[-1];
  set_int(&key, n);
  index_set(L, &object, &key, &value);
  L->top--;
}

/* --- raw access */

static int push_found(Thread *L, const Value *found) {
  push_value(L, found);
  return capi_top_type(L);
}

static void set_raw(Thread *L, int index, const Value *key) {
  table_set(L, capi_at(L, index)->table, key, L->top - 1);
}

static void set_pointer(Value *key, const void *pointer) { set_light(key, (uintptr_t)pointer); }

int lua_rawget(lua_State *S, int index) {
  Thread *L = state_thread(S);
  value_copy(L->top - 1, table_get(capi_at(L, index)->table, L->top - 1));
  return capi_top_type(L);
}

int lua_rawgeti(lua_State *S, int index, lua_Integer n) {
  Thread *L = state_thread(S);
  return push_found(L, table_get_int(capi_at(L, index)->table, n));
}

int lua_rawgetp(lua_State *S, int index, const void *pointer) {
  Thread *L = state_thread(S);
  Value key;
  set_pointer(&key, pointer);
  return push_found(L, table_get(capi_at(L, index)->table, &key));
}

void lua_rawset(lua_State *S, int index) {
  Thread *L = state_thread(S);
  if (is_string(L->top - 2)) foreign_name(L, L->top - 1, L->top[-2].str);
  set_raw(L, index, L->top - 2);
  L->top -= 2;
}

void lua_rawseti(lua_State *S, int index, lua_Integer n) {
  Thread *L = state_thread(S);
  table_set_int(L, capi_at(L, index)->table, n, L->top - 1);
  L->top--;
}

void lua_rawsetp(lua_State *S, int index, const void *pointer) {
  Thread *L = state_thread(S);
  Value key;
  set_pointer(&key, pointer);
  set_raw(L, index, &key);
  L->top--;
}

/* --- objects */

void lua_createtable(lua_State *S, int array_size, int fields) {
  Thread *L = state_thread(S);
  push_table(L, table_new(L, array_size > 0 ? (uint32_t)array_size : 0, fields > 0 ? (uint32_t)fields : 0));
  capi_check_gc(L);
}

void *lua_newuserdatauv(lua_State *S, size_t size, int user_values) {
  Thread *L = state_thread(S);
  push_userdata(L, size, user_values);
  capi_check_gc(L);
  return L->top[-1].userdata->data;
}

int lua_getmetatable(lua_State *S, int index) {
  Thread *L = state_thread(S);
  Table *meta = metatable_of(L->vm, capi_at(L, index));
  if (meta == NULL) return 0;
  push_table(L, meta);
  return 1;
}

int lua_setmetatable(lua_State *S, int index) {
  Thread *L = state_thread(S);
  metatable_set(L, capi_at(L, index), L->top - 1);
  L->top--;
  return 1;
}

int lua_getiuservalue(lua_State *S, int index, int n) {
  Thread *L = state_thread(S);
  const Userdata *u = capi_at(L, index)->userdata;
  if (n > 0 && n <= u->user_value_count) return push_found(L, &u->user_values[n - 1]);
  push_nil(L);
  return LUA_TNONE;
}

int lua_setiuservalue(lua_State *S, int index, int n) {
  Thread *L = state_thread(S);
  Userdata *u = capi_at(L, index)->userdata;
  const Value *value = L->top - 1;
  bool is_there = n > 0 && n <= u->user_value_count;
  if (is_there) {
    value_copy(&u->user_values[n - 1], value);
    gc_barrier_value(L, u, value);
  }
  L->top--;
  return is_there;
}
