/* The C API: arithmetic, comparisons, lengths, concatenation, numerals. */
#include <string.h>

#include "capi.h"

void lua_arith(lua_State *S, int operation) {
  static const uint8_t events[] = {METAMETHOD_ADD, METAMETHOD_SUB,  METAMETHOD_MUL,  METAMETHOD_MOD, METAMETHOD_POW,
                                   METAMETHOD_DIV, METAMETHOD_IDIV, METAMETHOD_BAND, METAMETHOD_BOR, METAMETHOD_BXOR,
                                   METAMETHOD_SHL, METAMETHOD_SHR,  METAMETHOD_UNM,  METAMETHOD_BNOT};
  Thread *L = state_thread(S);
  if (operation == LUA_OPUNM || operation == LUA_OPBNOT) push_value(L, L->top - 1);
  Value left = L->top[-2], right = L->top[-1], result;
  value_arithmetic(L, (enum Metamethod)events[operation], &left, &right, &result);
  L->top--;
  value_copy(L->top - 1, &result);
}

int lua_rawequal(lua_State *S, int left, int right) {
  Thread *L = state_thread(S);
  const Value *a = capi_at(L, left), *b = capi_at(L, right);
  return a != &capi_none && b != &capi_none && value_raw_equal(a, b);
}

int lua_compare(lua_State *S, int left, int right, int operation) {
  Thread *L = state_thread(S);
  const Value *a = capi_at(L, left), *b = capi_at(L, right);
  if (a == &capi_none || b == &capi_none) return 0;
  Value x = *a, y = *b; /* what is called may move the stack */
  if (operation == LUA_OPEQ) return value_equal(L, &x, &y);
  return operation == LUA_OPLT ? value_less(L, &x, &y) : value_less_equal(L, &x, &y);
}

void lua_concat(lua_State *S, int n) {
  Thread *L = state_thread(S);
  if (n == 0)
    push_bytes(L, "", 0);
  else if (n > 1)
    value_concat(L, n);
  capi_check_gc(L);
}

void lua_len(lua_State *S, int index) {
  Thread *L = state_thread(S);
  Value v = *capi_at(L, index), result;
  value_length(L, &v, &result);
  push_value(L, &result);
}

size_t lua_stringtonumber(lua_State *S, const char *text) {
  Value number;
  size_t length = strlen(text);
  if (!number_read(text, length, &number)) return 0;
  push_value(state_thread(S), &number);
  return length + 1;
}

int lua_next(lua_State *S, int index) {
  Thread *L = state_thread(S);
  Value key = L->top[-1], value;
  uint32_t hint = 0;
  if (!table_next(L, capi_at(L, index)->table, &key, &value, &hint)) {
    L->top--;
    return 0;
  }
  value_copy(L->top - 1, &key);
  push_value(L, &value);
  return 1;
}
