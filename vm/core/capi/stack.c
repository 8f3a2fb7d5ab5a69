/* The C API: what stands on the stack, and reading and pushing values. */
#include <stdarg.h>
#include <string.h>

#include "capi.h"

const Value capi_none = {{.bits = 0}, TAG_NIL, 0};

const int8_t capi_types[] = {
  [TAG_NIL] = LUA_TNIL,           [TAG_FALSE] = LUA_TBOOLEAN,       [TAG_TRUE] = LUA_TBOOLEAN,
  [TAG_INT] = LUA_TNUMBER,        [TAG_FLOAT] = LUA_TNUMBER,        [TAG_LIGHT] = LUA_TLIGHTUSERDATA,
  [TAG_STR] = LUA_TSTRING,        [TAG_LONGSTR] = LUA_TSTRING,      [TAG_TABLE] = LUA_TTABLE,
  [TAG_LUAFN] = LUA_TFUNCTION,    [TAG_CFN] = LUA_TFUNCTION,        [TAG_USERDATA] = LUA_TUSERDATA,
  [TAG_THREAD] = LUA_TTHREAD,
};

/* --- places */

int lua_absindex(lua_State *S, int index) {
  return index > 0 || index <= LUA_REGISTRYINDEX ? index : capi_count(state_thread(S)) + index + 1;
}

int lua_gettop(lua_State *S) { return capi_count(state_thread(S)); }

void lua_settop(lua_State *S, int index) {
  Thread *L = state_thread(S);
  Value *top = index >= 0 ? L->frame->base + index : L->top + index + 1;
  if (UNLIKELY(L->tbc_last != NULL && L->tbc_last >= top && top < L->top)) {
    ptrdiff_t level = top - L->stack;
    variables_close(L, level, NULL);
    top = L->stack + level;
  }
  for (Value *v = L->top; v < top; v++) set_nil(v);
  L->top = top;
}

void lua_toclose(lua_State *S, int index) {
  Thread *L = state_thread(S);
  variable_mark_tbc(L, capi_at(L, index));
}

void lua_closeslot(lua_State *S, int index) {
  Thread *L = state_thread(S);
  ptrdiff_t level = capi_at(L, index) - L->stack;
  variables_close(L, level, NULL);
  set_nil(L->stack + level);
}

void lua_pushvalue(lua_State *S, int index) {
  Thread *L = state_thread(S);
  push_value(L, capi_at(L, index));
}

static void reverse(Value *from, Value *to) {
  for (; from < to; from++, to--) {
    Value kept = *from;
    value_copy(from, to);
    value_copy(to, &kept);
  }
}

void lua_rotate(lua_State *S, int index, int n) {
  Thread *L = state_thread(S);
  Value *last = L->top - 1, *first = capi_at(L, index);
  Value *middle = n >= 0 ? last - n : first - n - 1;
  reverse(first, middle);
  reverse(middle + 1, last);
  reverse(first, last);
}

void lua_copy(lua_State *S, int from, int to) {
  Thread *L = state_thread(S);
  Value *target = capi_at(L, to);
  value_copy(target, capi_at(L, from));
  if (to < LUA_REGISTRYINDEX) gc_barrier_value(L, (void *)(uintptr_t)L->frame->cfn, target);
}

static void reserve_slots(Thread *L, void *context) { stack_reserve(L, *(const size_t *)context); }

int lua_checkstack(lua_State *S, int n) {
  Thread *L = state_thread(S);
  if (LIKELY(L->stack_limit - L->top > n)) return 1;
  if (L->top - L->stack + (ptrdiff_t)n > MAX_STACK_SLOTS - STACK_SPARE) return 0;
  size_t slots = (size_t)n + 1;
  if (call_protected_body(L, reserve_slots, &slots) == STATUS_OK) return 1;
  L->top--; /* the message */
  return 0;
}

void lua_xmove(lua_State *from, lua_State *to, int n) {
  Thread *source = state_thread(from), *target = state_thread(to);
  if (source == target) return;
  source->top -= n;
  for (int i = 0; i < n; i++) push_value(target, source->top + i);
}

/* --- reading */

int lua_type(lua_State *S, int index) { return capi_type(capi_at(state_thread(S), index)); }

const char *lua_typename(lua_State *S, int type) {
  static const char *const names[] = {"no value", "nil",   "boolean",  "userdata", "number",
                                      "string",   "table", "function", "userdata", "thread"};
  (void)S;
  return names[type + 1];
}

int lua_isnumber(lua_State *S, int index) {
  Value number;
  return value_to_number(capi_at(state_thread(S), index), &number);
}

int lua_isstring(lua_State *S, int index) {
  const Value *v = capi_at(state_thread(S), index);
  return is_string(v) || is_number(v);
}

int lua_iscfunction(lua_State *S, int index) { return capi_at(state_thread(S), index)->tag == TAG_CFN; }

int lua_isinteger(lua_State *S, int index) { return is_int(capi_at(state_thread(S), index)); }

int lua_isuserdata(lua_State *S, int index) {
  const Value *v = capi_at(state_thread(S), index);
  return v->tag == TAG_USERDATA || v->tag == TAG_LIGHT;
}

lua_Number lua_tonumberx(lua_State *S, int index, int *is_number) {
  const Value *v = capi_at(state_thread(S), index);
  double n = 0;
  bool is_one = LIKELY(is_float(v)) ? (n = v->n, true) : value_to_float(v, &n);
  if (is_number != NULL) *is_number = is_one;
  return is_one ? n : 0;
}

lua_Integer lua_tointegerx(lua_State *S, int index, int *is_integer) {
  const Value *v = capi_at(state_thread(S), index);
  int64_t n = 0;
  bool is_one = LIKELY(is_int(v)) ? (n = v->i, true) : value_to_int(v, &n);
  if (is_integer != NULL) *is_integer = is_one;
  return is_one ? n : 0;
}

int lua_toboolean(lua_State *S, int index) { return !is_falsy(capi_at(state_thread(S), index)); }

const char *lua_tolstring(lua_State *S, int index, size_t *length) {
  Thread *L = state_thread(S);
  Value *v = capi_at(L, index);
  if (UNLIKELY(!is_string(v))) {
    if (!is_number(v)) {
      if (length != NULL) *length = 0;
      return NULL;
    }
    value_as_str(L, v);
    capi_check_gc(L);
    v = capi_at(L, index);
  }
  if (length != NULL) *length = str_length(v->str);
  return v->str->text;
}

lua_Unsigned lua_rawlen(lua_State *S, int index) {
  const Value *v = capi_at(state_thread(S), index);
  if (is_string(v)) return str_length(v->str);
  if (is_table(v)) return (lua_Unsigned)table_length(v->table);
  return v->tag == TAG_USERDATA ? v->userdata->size : 0;
}

lua_CFunction lua_tocfunction(lua_State *S, int index) {
  Thread *L = state_thread(S);
  const Value *v = capi_at(L, index);
  return v->tag == TAG_CFN ? foreign_address(L, v) : NULL;
}

void *lua_touserdata(lua_State *S, int index) {
  const Value *v = capi_at(state_thread(S), index);
  if (v->tag == TAG_USERDATA) return v->userdata->data;
  return v->tag == TAG_LIGHT ? (void *)(uintptr_t)v->bits : NULL;
}

lua_State *lua_tothread(lua_State *S, int index) {
  const Value *v = capi_at(state_thread(S), index);
  return v->tag == TAG_THREAD ? thread_state(v->thread) : NULL;
}

const void *lua_topointer(lua_State *S, int index) {
  const Value *v = capi_at(state_thread(S), index);
  switch (v->tag) {
    case TAG_USERDATA: return v->userdata->data;
    case TAG_LIGHT: return (const void *)(uintptr_t)v->bits;
    case TAG_THREAD: return thread_state(v->thread);
    case TAG_CFN: /* one of the C API without upvalues is its address */
      if (v->cfn->foreign != NULL && v->cfn->upvalue_count == 0) return (const void *)(uintptr_t)v->cfn->foreign;
      return v->object;
    default: return is_collectable(v) ? v->object : NULL;
  }
}

/* --- pushing */

void lua_pushnil(lua_State *S) { push_nil(state_thread(S)); }
void lua_pushnumber(lua_State *S, lua_Number n) { push_float(state_thread(S), n); }
void lua_pushinteger(lua_State *S, lua_Integer n) { push_int(state_thread(S), n); }
void lua_pushboolean(lua_State *S, int truth) { push_bool(state_thread(S), truth != 0); }
void lua_pushlightuserdata(lua_State *S, void *pointer) { set_light(push(state_thread(S)), (uintptr_t)pointer); }

int lua_pushthread(lua_State *S) {
  Thread *L = state_thread(S);
  set_object(push(L), L, TAG_THREAD);
  return L == L->vm->main;
}

const char *lua_pushlstring(lua_State *S, const char *text, size_t length) {
  Thread *L = state_thread(S);
  push_bytes(L, length == 0 ? "" : text, length);
  capi_check_gc(L);
  return L->top[-1].str->text;
}

const char *lua_pushstring(lua_State *S, const char *text) {
  if (text != NULL) return lua_pushlstring(S, text, strlen(text));
  lua_pushnil(S);
  return NULL;
}

void lua_pushcclosure(lua_State *S, lua_CFunction function, int upvalues) {
  Thread *L = state_thread(S);
  foreign_push_function(L, function, upvalues);
  capi_check_gc(L);
}

static void add_utf8(Buffer *b, unsigned long code) {
  char reversed[8];
  size_t size = 0;
  unsigned first_limit = 0x3F;
  if (code < 0x80) {
    reversed[size++] = (char)code;
  } else {
    do {
      reversed[size++] = (char)(0x80 | (code & 0x3F));
      code >>= 6;
      first_limit >>= 1;
    } while (code > first_limit);
    reversed[size++] = (char)((~first_limit << 1) | code);
  }
  while (size > 0) buffer_add_char(b, reversed[--size]);
}

const char *lua_pushvfstring(lua_State *S, const char *format, va_list arguments) {
  Thread *L = state_thread(S);
  Buffer b;
  buffer_init(L, &b);
  for (const char *mark; (mark = strchr(format, '%')) != NULL; format = mark + 2) {
    Value number;
    buffer_add(&b, format, (size_t)(mark - format));
    switch (mark[1]) {
      case 's': {
        const char *text = va_arg(arguments, const char *);
        if (text == NULL) text = "(null)";
        buffer_add(&b, text, strlen(text));
        break;
      }
      case 'c': buffer_add_char(&b, (char)va_arg(arguments, int)); break;
      case 'd': b.length += int_write(buffer_reserve(&b, NUMBER_TEXT), va_arg(arguments, int)); break;
      case 'I': b.length += int_write(buffer_reserve(&b, NUMBER_TEXT), va_arg(arguments, lua_Integer)); break;
      case 'f':
        set_float(&number, va_arg(arguments, lua_Number));
        b.length += number_write(buffer_reserve(&b, NUMBER_TEXT), &number);
        break;
      case 'p':
        b.length += (size_t)snprintf(buffer_reserve(&b, NUMBER_TEXT), NUMBER_TEXT, "%p", va_arg(arguments, void *));
        break;
      case 'U': add_utf8(&b, va_arg(arguments, unsigned long)); break;
      case '%': buffer_add_char(&b, '%'); break;
      default: error_runtime(L, "invalid option '%%%c' to 'lua_pushfstring'", mark[1]);
    }
  }
  buffer_add(&b, format, strlen(format));
  buffer_push(&b);
  capi_check_gc(L);
  return L->top[-1].str->text;
}

const char *lua_pushfstring(lua_State *S, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const char *text = lua_pushvfstring(S, format, arguments);
  va_end(arguments);
  return text;
}
