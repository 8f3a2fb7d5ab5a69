/* Metamethods, and the operations that need them, for C code. */
#include "interpreter.h"

#include <math.h>
#include <string.h>

#include "call.h"
#include "debuginfo.h"
#include "memory/gc.h"
#include "objects/metamethod.h"
#include "objects/number.h"
#include "objects/str.h"
#include "objects/table.h"
#include "push.h"

#define MAX_CHAIN 2000 /* steps through __index or __newindex, as MAXTAGLOOP */

Table *metatable_of(VM *vm, const Value *v) {
  switch (v->tag) {
    case TAG_TABLE: return v->table->meta;
    case TAG_USERDATA: return v->userdata->meta;
    case TAG_STR:
    case TAG_LONGSTR: return vm->string_meta;
    case TAG_TRUE: return vm->type_meta[TAG_FALSE];
    case TAG_FLOAT: return vm->type_meta[TAG_INT];
    case TAG_CFN: return vm->type_meta[TAG_LUAFN];
    default: return vm->type_meta[v->tag];
  }
}

void metatable_set(Thread *L, const Value *v, const Value *meta) {
  VM *vm = L->vm;
  Table *table = is_nil(meta) ? NULL : meta->table;
  switch (v->tag) {
    case TAG_TABLE:
      v->table->meta = table;
      gc_barrier_table(L, v->table, meta);
      break;
    case TAG_USERDATA:
      v->userdata->meta = table;
      gc_barrier_value(L, v->userdata, meta);
      break;
    case TAG_STR:
    case TAG_LONGSTR: vm->string_meta = table; return;
    case TAG_FALSE:
    case TAG_TRUE: vm->type_meta[TAG_FALSE] = vm->type_meta[TAG_TRUE] = table; return;
    case TAG_INT:
    case TAG_FLOAT: vm->type_meta[TAG_INT] = vm->type_meta[TAG_FLOAT] = table; return;
    case TAG_LUAFN:
    case TAG_CFN: vm->type_meta[TAG_LUAFN] = vm->type_meta[TAG_CFN] = table; return;
    default: vm->type_meta[v->tag] = table; return;
  }
  if (table != NULL) gc_check_finalizer(L, v->object, table);
}

const Value *metamethod_of(VM *vm, const Value *v, enum Metamethod event) {
  Table *meta = metatable_of(vm, v);
  return meta == NULL ? &nil_value : table_get_short(meta, vm->metamethod_names[event]);
}

const Value *metamethod_cached(VM *vm, Table *meta, enum Metamethod event) {
  if (meta->absent & 1u << event) return &nil_value;
  const Value *found = table_get_short(meta, vm->metamethod_names[event]);
  if (is_nil(found)) meta->absent |= (uint8_t)(1u << event);
  return found;
}

/* Calls f(a, b) or f(a, b, c) above the top; result to *result. */
static void call_plain(Thread *L, const Value *f, const Value *a, const Value *b, const Value *c, Value *result) {
  stack_reserve(L, 4);
  value_copy(L->top, f);
  value_copy(L->top + 1, a);
  value_copy(L->top + 2, b);
  int arguments = 2;
  if (c != NULL) value_copy(L->top + 1 + arguments++, c);
  L->top += arguments + 1;
  call_value(L, arguments, result != NULL);
  if (result != NULL) value_copy(result, --L->top);
}

void index_get(Thread *L, const Value *object, const Value *key, Value *result) {
  Value current = *object, wanted = *key;
  for (int step = 0; step < MAX_CHAIN; step++) {
    const Value *handler;
    if (is_table(&current)) {
      const Value *found = table_get(current.table, &wanted);
      if (!is_nil(found)) {
        value_copy(result, found);
        return;
      }
      if (current.table->meta == NULL) {
        set_nil(result);
        return;
      }
      handler = metamethod_cached(L->vm, current.table->meta, METAMETHOD_INDEX);
      if (is_nil(handler)) {
        set_nil(result);
        return;
      }
    } else {
      handler = metamethod_of(L->vm, &current, METAMETHOD_INDEX);
      if (is_nil(handler)) error_type(L, step == 0 ? object : &current, "index");
    }
    if (is_function(handler)) {
      Value function = *handler;
      call_plain(L, &function, &current, &wanted, NULL, result);
      return;
    }
    current = *handler;
  }
  error_runtime(L, "'__index' chain too long; possible loop");
}

void index_set(Thread *L, const Value *object, const Value *key, const Value *value) {
  Value current = *object, wanted = *key, stored = *value;
  for (int step = 0; step < MAX_CHAIN; step++) {
    const Value *handler;
    if (is_table(&current)) {
      Table *t = current.table;
      const Value *found = table_get(t, &wanted);
      if (!is_nil(found) || t->meta == NULL ||
          is_nil(handler = metamethod_cached(L->vm, t->meta, METAMETHOD_NEWINDEX))) {
        table_store(L, t, &wanted, found, &stored);
        return;
      }
    } else {
      handler = metamethod_of(L->vm, &current, METAMETHOD_NEWINDEX);
      if (is_nil(handler)) error_type(L, step == 0 ? object : &current, "index");
    }
    if (is_function(handler)) {
      Value function = *handler;
      call_plain(L, &function, &current, &wanted, &stored, NULL);
      return;
    }
    current = *handler;
  }
  error_runtime(L, "'__newindex' chain too long; possible loop");
}

bool value_equal(Thread *L, const Value *a, const Value *b) {
  if (a->tag != b->tag || (a->tag != TAG_TABLE && a->tag != TAG_USERDATA)) return value_raw_equal(a, b);
  if (a->object == b->object) return true;
  const Value *handler = metamethod_of(L->vm, a, METAMETHOD_EQ);
  if (is_nil(handler)) handler = metamethod_of(L->vm, b, METAMETHOD_EQ);
  if (is_nil(handler)) return false;
  Value function = *handler, result;
  call_plain(L, &function, a, b, NULL, &result);
  return !is_falsy(&result);
}

/* --- order; an integer and a float are compared exactly */

static bool int_less_float(int64_t i, double f) {
  if (i >= -(INT64_C(1) << 53) && i <= INT64_C(1) << 53) return (double)i < f;
  if (isnan(f)) return false;
  if (f >= 0x1p63) return true;
  if (f < -0x1p63) return false;
  double up = ceil(f); /* i < f  <=>  i < ceil(f) */
  return up >= 0x1p63 || i < (int64_t)up;
}

static bool int_less_equal_float(int64_t i, double f) {
  if (i >= -(INT64_C(1) << 53) && i <= INT64_C(1) << 53) return (double)i <= f;
  if (isnan(f)) return false;
  if (f >= 0x1p63) return true;
  if (f < -0x1p63) return false;
  return i <= (int64_t)floor(f);
}

static bool float_less_int(double f, int64_t i) { return !isnan(f) && !int_less_equal_float(i, f); }
static bool float_less_equal_int(double f, int64_t i) { return !isnan(f) && !int_less_float(i, f); }

bool number_less(const Value *a, const Value *b) {
  if (is_int(a)) return is_int(b) ? a->i < b->i : int_less_float(a->i, b->n);
  return is_float(b) ? a->n < b->n : float_less_int(a->n, b->i);
}

bool number_less_equal(const Value *a, const Value *b) {
  if (is_int(a)) return is_int(b) ? a->i <= b->i : int_less_equal_float(a->i, b->n);
  return is_float(b) ? a->n <= b->n : float_less_equal_int(a->n, b->i);
}

bool value_less(Thread *L, const Value *a, const Value *b) {
  if (is_number(a) && is_number(b)) return number_less(a, b);
  if (is_string(a) && is_string(b)) return str_compare(a->str, b->str) < 0;
  const Value *handler = metamethod_of(L->vm, a, METAMETHOD_LT);
  if (is_nil(handler)) handler = metamethod_of(L->vm, b, METAMETHOD_LT);
  if (is_nil(handler)) error_compare(L, a, b);
  Value function = *handler, result;
  call_plain(L, &function, a, b, NULL, &result);
  return !is_falsy(&result);
}

bool value_less_equal(Thread *L, const Value *a, const Value *b) {
  if (is_number(a) && is_number(b)) return number_less_equal(a, b);
  if (is_string(a) && is_string(b)) return str_compare(a->str, b->str) <= 0;
  const Value *handler = metamethod_of(L->vm, a, METAMETHOD_LE);
  if (is_nil(handler)) handler = metamethod_of(L->vm, b, METAMETHOD_LE);
  if (is_nil(handler)) { /* as the instruction does it */
    if (is_nil(metamethod_of(L->vm, b, METAMETHOD_LT)) && is_nil(metamethod_of(L->vm, a, METAMETHOD_LT)))
      error_compare(L, a, b);
    return !value_less(L, b, a);
  }
  Value function = *handler, result;
  call_plain(L, &function, a, b, NULL, &result);
  return !is_falsy(&result);
}

void value_length(Thread *L, const Value *v, Value *result) {
  if (is_string(v)) {
    set_int(result, (int64_t)str_length(v->str));
    return;
  }
  const Value *handler = metamethod_of(L->vm, v, METAMETHOD_LEN);
  if (!is_nil(handler)) {
    Value function = *handler;
    call_plain(L, &function, v, v, NULL, result);
  } else if (is_table(v)) {
    set_int(result, table_length(v->table));
  } else {
    error_type(L, v, "get length of");
  }
}

/* --- arithmetic */

int64_t int_floor_divide(Thread *L, int64_t a, int64_t b) {
  if (UNLIKELY((uint64_t)b + 1 <= 1)) { /* 0 and -1 */
    if (b == 0) error_runtime(L, "attempt to divide by zero");
    return (int64_t)(0 - (uint64_t)a);
  }
  int64_t quotient = a / b;
  return (a ^ b) < 0 && quotient * b != a ? quotient - 1 : quotient;
}

int64_t int_modulo(Thread *L, int64_t a, int64_t b) {
  if (UNLIKELY((uint64_t)b + 1 <= 1)) {
    if (b == 0) error_runtime(L, "attempt to perform 'n%%0'");
    return 0;
  }
  int64_t rest = a % b;
  return rest != 0 && (rest ^ b) < 0 ? rest + b : rest;
}

double float_modulo(double a, double b) {
  double rest = fmod(a, b);
  if (rest > 0 ? b < 0 : (rest < 0 && b != rest && b > 0)) rest += b;
  return rest;
}

int64_t int_shift_left(int64_t a, int64_t by) {
  if (by <= -64 || by >= 64) return 0;
  return by >= 0 ? (int64_t)((uint64_t)a << by) : (int64_t)((uint64_t)a >> -by);
}

bool is_bitwise(enum Metamethod operation) {
  return (operation >= METAMETHOD_BAND && operation <= METAMETHOD_SHR) || operation == METAMETHOD_BNOT;
}

static void arithmetic_ints(Thread *L, enum Metamethod operation, int64_t a, int64_t b, Value *result) {
  switch (operation) {
    case METAMETHOD_ADD: set_int(result, (int64_t)((uint64_t)a + (uint64_t)b)); break;
    case METAMETHOD_SUB: set_int(result, (int64_t)((uint64_t)a - (uint64_t)b)); break;
    case METAMETHOD_MUL: set_int(result, (int64_t)((uint64_t)a * (uint64_t)b)); break;
    case METAMETHOD_MOD: set_int(result, int_modulo(L, a, b)); break;
    case METAMETHOD_IDIV: set_int(result, int_floor_divide(L, a, b)); break;
    case METAMETHOD_UNM: set_int(result, (int64_t)(0 - (uint64_t)a)); break;
    case METAMETHOD_BAND: set_int(result, a & b); break;
    case METAMETHOD_BOR: set_int(result, a | b); break;
    case METAMETHOD_BXOR: set_int(result, a ^ b); break;
    case METAMETHOD_SHL: set_int(result, int_shift_left(a, b)); break;
    case METAMETHOD_SHR: set_int(result, int_shift_left(a, b == INT64_MIN ? INT64_MAX : -b)); break;
    default: set_int(result, ~a); break;
  }
}

static void arithmetic_floats(enum Metamethod operation, double a, double b, Value *result) {
  switch (operation) {
    case METAMETHOD_ADD: set_float(result, a + b); break;
    case METAMETHOD_SUB: set_float(result, a - b); break;
    case METAMETHOD_MUL: set_float(result, a * b); break;
    case METAMETHOD_DIV: set_float(result, a / b); break;
    case METAMETHOD_MOD: set_float(result, float_modulo(a, b)); break;
    case METAMETHOD_IDIV: set_float(result, floor(a / b)); break;
    case METAMETHOD_POW: set_float(result, b == 2 ? a * a : pow(a, b)); break;
    default: set_float(result, -a); break;
  }
}

bool number_arithmetic(Thread *L, enum Metamethod operation, const Value *a, const Value *b, Value *result) {
  if (is_bitwise(operation)) {
    int64_t left, right;
    if (!number_to_int(a, &left) || !number_to_int(b, &right)) return false;
    arithmetic_ints(L, operation, left, right, result);
    return true;
  }
  if (is_int(a) && is_int(b) && operation != METAMETHOD_DIV && operation != METAMETHOD_POW) {
    arithmetic_ints(L, operation, a->i, b->i, result);
    return true;
  }
  if (!is_number(a) || !is_number(b)) return false;
  arithmetic_floats(operation, is_int(a) ? (double)a->i : a->n, is_int(b) ? (double)b->i : b->n, result);
  return true;
}

const Value *arithmetic_metamethod(Thread *L, enum Metamethod operation, const Value *a, const Value *b) {
  const Value *handler = metamethod_of(L->vm, a, operation);
  if (is_nil(handler)) handler = metamethod_of(L->vm, b, operation);
  if (!is_nil(handler)) return handler;
  if (operation == METAMETHOD_CONCAT) error_concat(L, a, b);
  if (is_bitwise(operation)) {
    if (is_number(a) && is_number(b)) error_to_int(L, a, b);
    error_arithmetic(L, a, b, "perform bitwise operation on");
  }
  error_arithmetic(L, a, b, "perform arithmetic on");
}

void value_arithmetic(Thread *L, enum Metamethod operation, const Value *a, const Value *b, Value *result) {
  if (number_arithmetic(L, operation, a, b, result)) return;
  Value function = *arithmetic_metamethod(L, operation, a, b);
  call_plain(L, &function, a, b, NULL, result);
}

/* --- text */

bool value_as_str(Thread *L, Value *v) {
  if (is_string(v)) return true;
  if (!is_number(v)) return false;
  char text[NUMBER_TEXT];
  size_t length = number_write(text, v);
  set_str(v, str_new(L, text, length));
  return true;
}

/* Joins as many of the values from `first` to `last` as are text, from the right: returns how many, at least 2, or 0 if
   the last two are not both text. The result stands at last - n + 1. */
int concat_texts(Thread *L, Value *first, Value *last) {
  if (!(is_string(last - 1) || is_number(last - 1)) || !value_as_str(L, last)) return 0;
  size_t total = str_length(last->str);
  int n = 1;
  Value *v = last;
  while (v > first && value_as_str(L, v - 1)) {
    v--;
    size_t length = str_length(v->str);
    if (length > SIZE_MAX / 4 - total) error_runtime(L, "string length overflow");
    total += length;
    n++;
  }
  if (n == 2 && str_length(last->str) == 0) return 2; /* v is the result already */
  if (n == 2 && str_length(v->str) == 0) {
    value_copy(v, last);
    return 2;
  }
  char small[MAX_SHORT_STRING];
  Str *joined = NULL;
  char *to = small;
  if (total > MAX_SHORT_STRING) {
    joined = str_new_long(L, total);
    to = joined->text;
  }
  for (Value *piece = v; piece <= last; piece++) {
    size_t length = str_length(piece->str);
    memcpy(to, piece->str->text, length);
    to += length;
  }
  if (joined == NULL) joined = str_new(L, small, total);
  set_str(v, joined);
  return n;
}

void value_concat(Thread *L, int n) {
  while (n > 1) {
    int joined = concat_texts(L, L->top - n, L->top - 1);
    if (joined == 0) {
      Value a = L->top[-2], b = L->top[-1], result;
      Value function = *arithmetic_metamethod(L, METAMETHOD_CONCAT, &a, &b);
      call_plain(L, &function, &a, &b, NULL, &result);
      value_copy(L->top - 2, &result);
      joined = 2;
    }
    L->top -= joined - 1;
    n -= joined - 1;
  }
}

Str *value_tostring(Thread *L, const Value *v) {
  Value kept = *v;
  const Value *handler = metamethod_of(L->vm, &kept, METAMETHOD_TOSTRING);
  if (!is_nil(handler)) {
    Value function = *handler, result;
    stack_reserve(L, 3);
    value_copy(L->top, &function);
    value_copy(L->top + 1, &kept);
    L->top += 2;
    call_value(L, 1, 1);
    result = L->top[-1];
    if (!is_string(&result)) {
      if (!is_number(&result)) error_library(L, "'__tostring' must return a string");
      value_as_str(L, L->top - 1);
    }
    return L->top[-1].str;
  }
  stack_reserve(L, 3);
  switch (kept.tag) {
    case TAG_NIL: push_text(L, "nil"); break;
    case TAG_FALSE: push_text(L, "false"); break;
    case TAG_TRUE: push_text(L, "true"); break;
    case TAG_INT:
    case TAG_FLOAT:
    case TAG_STR:
    case TAG_LONGSTR:
      push_value(L, &kept);
      value_as_str(L, L->top - 1);
      break;
    default: push_format(L, "%s: %p", type_name_of(L, &kept), &kept); break;
  }
  return L->top[-1].str;
}
