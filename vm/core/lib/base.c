/* The basic functions, those without a library name. What loads chunks is in load.c. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "machine/warning.h"

static int base_assert(Thread *L, Value *args, int count) {
  if (LIKELY(count > 0 && !is_falsy(&args[0]))) return count;
  arg_any(L, args, count, 1);
  if (count < 2) {
    error_library(L, "assertion failed!");
  }
  L->top = args + 2;
  if (is_string(&args[1])) {
    push_where(L, 1);
    push_value(L, &args[1]);
    value_concat(L, 2);
  }
  error_throw(L);
}

static int base_error(Thread *L, Value *args, int count) {
  int level = (int)arg_int_or(L, args, count, 2, 1);
  if (count == 0) push_nil(L);
  L->top = args + 1;
  if (is_string(&args[0]) && level > 0) {
    push_where(L, level);
    push_value(L, &args[0]);
    value_concat(L, 2);
  }
  error_throw(L);
}

static int push_gc_mode(Thread *L, bool generational) {
  push_text(L, generational ? "generational" : "incremental");
  return 1;
}

static int base_collectgarbage(Thread *L, Value *args, int count) {
  enum { STOP, RESTART, COLLECT, COUNT, STEP, SETPAUSE, SETSTEPMUL, ISRUNNING, GENERATIONAL, INCREMENTAL };
  static const char *const options[] = {"stop",       "restart",   "collect",      "count",       "step", "setpause",
                                        "setstepmul", "isrunning", "generational", "incremental", NULL};
  GC *gc = L->vm->gc;
  int option = arg_option(L, args, count, 1, "collect", options);
  int numbers[3] = {0, 0, 0};
  int wanted = option == INCREMENTAL ? 3 : option == GENERATIONAL ? 2 : 1;
  if (option >= STEP && option != ISRUNNING)
    for (int i = 0; i < wanted; i++) numbers[i] = (int)arg_int_or(L, args, count, i + 2, 0);
  if (gc->running) { /* called by a finalizer */
    push_nil(L);
    return 1;
  }
  switch (option) {
  case STOP:
    gc->stopped = true;
    push_int(L, 0);
    return 1;
  case RESTART:
    gc->stopped = false;
    push_int(L, 0);
    return 1;
  case COUNT: push_float(L, (double)gc_bytes(L->vm) / 1024.0); return 1;
  case STEP: {
    bool finished = gc_step_by(L, numbers[0]);
    push_bool(L, finished && !gc->generational); /* a step of that mode never ends a cycle in the reference */
    return 1;
  }
  case SETPAUSE:
    push_int(L, gc->pause);
    gc->pause = gc_coarse(numbers[0]);
    return 1;
  case SETSTEPMUL:
    push_int(L, gc->step_multiplier);
    gc->step_multiplier = gc_coarse(numbers[0]);
    return 1;
  case ISRUNNING: push_bool(L, !gc->stopped); return 1;
  case GENERATIONAL: {
    bool old = gc->generational;
    if (numbers[0] != 0) gc->minor_multiplier = numbers[0] & 0xff;
    if (numbers[1] != 0) gc->major_multiplier = gc_coarse(numbers[1]);
    gc->generational = true;
    return push_gc_mode(L, old);
  }
  case INCREMENTAL: {
    bool old = gc->generational;
    if (numbers[0] != 0) gc->pause = gc_coarse(numbers[0]);
    if (numbers[1] != 0) gc->step_multiplier = gc_coarse(numbers[1]);
    if (numbers[2] != 0) gc->step_size = numbers[2] & 0xff;
    gc->generational = false;
    return push_gc_mode(L, old);
  }
  default:
    gc_full(L);
    push_int(L, 0);
    return 1;
  }
}

/* The __metatable field, or nil. */
static const Value *protecting_field(VM *vm, Table *meta) {
  return table_get_short(meta, vm->metamethod_names[METAMETHOD_METATABLE]);
}

static int base_getmetatable(Thread *L, Value *args, int count) {
  arg_any(L, args, count, 1);
  Table *meta = metatable_of(L->vm, &args[0]);
  if (!meta) {
    push_nil(L);
    return 1;
  }
  const Value *shown = protecting_field(L->vm, meta);
  if (is_nil(shown))
    push_table(L, meta);
  else
    push_value(L, shown);
  return 1;
}

static int base_setmetatable(Thread *L, Value *args, int count) {
  Table *t = arg_table(L, args, count, 1);
  if (count < 2 || (!is_nil(&args[1]) && !is_table(&args[1]))) error_argument_type(L, 2, "nil or table");
  if (UNLIKELY(t->meta && !is_nil(protecting_field(L->vm, t->meta))))
    error_library(L, "cannot change a protected metatable");
  if (is_nil(&args[1])) {
    t->meta = NULL;
  } else {
    t->meta = args[1].table;
    gc_barrier_table(L, t, &args[1]);
    gc_check_finalizer(L, (Object *)t, t->meta);
  }
  L->top = args + 1;
  return 1;
}

/* The iterator of ipairs, run by the interpreter except where C code calls it. */
static int ipairs_step(Thread *L, Value *args, int count) {
  Value key, value;
  set_int(&key, (int64_t)((uint64_t)arg_int(L, args, count, 2) + 1));
  index_get(L, &args[0], &key, &value);
  push_value(L, &key);
  push_value(L, &value);
  if (!is_nil(&value)) return 2;
  L->top--;
  set_nil(L->top - 1);
  return 1;
}

static int base_ipairs(Thread *L, Value *args, int count) {
  arg_any(L, args, count, 1);
  push_value(L, &running_function(L)->upvalues[0]);
  push_value(L, &args[0]);
  push_int(L, 0);
  return 3;
}

/* Run by the interpreter in generic for loops. */
static int base_next(Thread *L, Value *args, int count) {
  Table *t = arg_table(L, args, count, 1);
  Value key, value;
  uint32_t hint = 0;
  value_copy(&key, arg(args, count, 2));
  if (!table_next(L, t, &key, &value, &hint)) {
    push_nil(L);
    return 1;
  }
  push_value(L, &key);
  push_value(L, &value);
  return 2;
}

static int base_pairs(Thread *L, Value *args, int count) {
  arg_any(L, args, count, 1);
  const Value *metamethod = metamethod_of(L->vm, &args[0], METAMETHOD_PAIRS);
  if (LIKELY(is_nil(metamethod))) {
    push_value(L, &running_function(L)->upvalues[0]);
    push_value(L, &args[0]);
    push_nil(L);
  } else {
    push_value(L, metamethod);
    push_value(L, &args[0]);
    return CALL_LAST(1, 3);
  }
  return 3;
}

/* The interpreter does pcall and xpcall. It calls these for arguments with which there is nothing to do. */
static int base_pcall(Thread *L, Value *args, int count) {
  arg_any(L, args, count, 1);
  return 0;
}

static int base_xpcall(Thread *L, Value *args, int count) {
  arg_function(L, args, count, 2);
  return 0;
}

/* The text of a value that needs no metamethod, or NULL. */
static const char *plain_text(Thread *L, const Value *v, char number[NUMBER_TEXT], size_t *length) {
  VM *vm = L->vm;
  if (is_string(v)) {
    Table *meta = vm->string_meta;
    if (meta && !is_nil(table_get_short(meta, vm->metamethod_names[METAMETHOD_TOSTRING]))) return NULL;
    *length = str_length(v->str);
    return v->str->text;
  }
  if (!is_number(v) || metatable_of(vm, v)) return NULL;
  *length = is_int(v) ? int_write(number, v->i) : number_write(number, v);
  return number;
}

static int base_print(Thread *L, Value *args, int count) {
  for (int i = 0; i < count; i++) {
    char number[NUMBER_TEXT];
    size_t length;
    const char *text = plain_text(L, &args[i], number, &length);
    if (i > 0) putc('\t', stdout);
    if (text) {
      fwrite(text, 1, length, stdout);
    } else {
      Str *s = value_tostring(L, &args[i]);
      fwrite(s->text, 1, str_length(s), stdout);
      L->top--;
      args = thread_args(L);
    }
  }
  putc('\n', stdout);
  fflush(stdout);
  return 0;
}

static int base_rawequal(Thread *L, Value *args, int count) {
  arg_any(L, args, count, 1);
  arg_any(L, args, count, 2);
  push_bool(L, value_raw_equal(&args[0], &args[1]));
  return 1;
}

static int base_rawget(Thread *L, Value *args, int count) {
  Table *t = arg_table(L, args, count, 1);
  arg_any(L, args, count, 2);
  push_value(L, table_get(t, &args[1]));
  return 1;
}

static int base_rawlen(Thread *L, Value *args, int count) {
  if (count >= 1 && is_table(&args[0]))
    push_int(L, table_length(args[0].table));
  else if (count >= 1 && is_string(&args[0]))
    push_int(L, (int64_t)str_length(args[0].str));
  else
    error_argument_type(L, 1, "table or string");
  return 1;
}

static int base_rawset(Thread *L, Value *args, int count) {
  Table *t = arg_table(L, args, count, 1);
  arg_any(L, args, count, 2);
  arg_any(L, args, count, 3);
  table_set(L, t, &args[1], &args[2]);
  L->top = args + 1;
  return 1;
}

static int base_select(Thread *L, Value *args, int count) {
  if (count > 0 && is_string(&args[0]) && args[0].str->text[0] == '#') {
    push_int(L, count - 1);
    return 1;
  }
  int64_t n = arg_int(L, args, count, 1);
  if (n < 0)
    n += count;
  else if (n > count)
    n = count;
  if (n < 1) error_argument(L, 1, "index out of range");
  return count - (int)n;
}

static int digit_value(unsigned char c) { return isdigit(c) ? c - '0' : toupper(c) - 'A' + 10; }

/* An integer in a base up to 36, with white space and sign around it. */
static bool read_in_base(const char *text, size_t length, int base, int64_t *result) {
  static const char white_space[] = " \f\n\r\t\v";
  const char *end = text + length;
  uint64_t n = 0;
  text += strspn(text, white_space);
  bool negative = *text == '-';
  if (*text == '-' || *text == '+') text++;
  if (!isalnum((unsigned char)*text)) return false;
  do {
    int digit = digit_value((unsigned char)*text++);
    if (digit >= base) return false;
    n = n * (uint64_t)base + (uint64_t)digit;
  } while (isalnum((unsigned char)*text));
  text += strspn(text, white_space);
  *result = (int64_t)(negative ? 0 - n : n);
  return text == end;
}

static int base_tonumber(Thread *L, Value *args, int count) {
  if (absent_or_nil(args, count, 2)) {
    Value number;
    arg_any(L, args, count, 1);
    if (is_number(&args[0]))
      push_value(L, &args[0]);
    else if (is_string(&args[0]) && number_read(args[0].str->text, str_length(args[0].str), &number))
      push_value(L, &number);
    else
      push_nil(L);
  } else {
    int64_t number;
    int64_t base = arg_int(L, args, count, 2);
    if (!is_string(&args[0])) error_argument_type(L, 1, "string");
    if (base < 2 || base > 36) error_argument(L, 2, "base out of range");
    if (read_in_base(args[0].str->text, str_length(args[0].str), (int)base, &number))
      push_int(L, number);
    else
      push_nil(L);
  }
  return 1;
}

static int base_tostring(Thread *L, Value *args, int count) {
  arg_any(L, args, count, 1);
  value_tostring(L, &args[0]);
  return 1;
}

/* The upvalues are the names of the types, by tag. */
static int base_type(Thread *L, Value *args, int count) {
  arg_any(L, args, count, 1);
  push_value(L, &running_function(L)->upvalues[args[0].tag]);
  return 1;
}

static int base_warn(Thread *L, Value *args, int count) {
  arg_str(L, args, count, 1);
  for (int i = 2; i <= count; i++) arg_str(L, args, count, i);
  for (int i = 0; i < count; i++) vm_warn(L->vm, args[i].str->text, i + 1 < count);
  return 0;
}

static const LibraryEntry entries[] = {
  {"assert", base_assert, SPECIAL_NONE},
  {"collectgarbage", base_collectgarbage, SPECIAL_NONE},
  {"error", base_error, SPECIAL_NONE},
  {"getmetatable", base_getmetatable, SPECIAL_NONE},
  {"next", base_next, SPECIAL_NEXT},
  {"pcall", base_pcall, SPECIAL_PCALL},
  {"print", base_print, SPECIAL_NONE},
  {"rawequal", base_rawequal, SPECIAL_NONE},
  {"rawget", base_rawget, SPECIAL_NONE},
  {"rawlen", base_rawlen, SPECIAL_NONE},
  {"rawset", base_rawset, SPECIAL_NONE},
  {"select", base_select, SPECIAL_NONE},
  {"setmetatable", base_setmetatable, SPECIAL_NONE},
  {"tonumber", base_tonumber, SPECIAL_NONE},
  {"tostring", base_tostring, SPECIAL_NONE},
  {"warn", base_warn, SPECIAL_NONE},
  {"xpcall", base_xpcall, SPECIAL_XPCALL},
  {NULL, NULL, SPECIAL_NONE},
};

void open_base(Thread *L) {
  Table *globals = library_new(L, NULL, entries);

  push_value(L, table_get_str(globals, str_from(L, "next")));
  push_function(L, base_pairs, "pairs", 1)->special = SPECIAL_CALLING;
  set_from_top(L, globals, "pairs");

  push_function(L, ipairs_step, "ipairs iterator", 0)->special = SPECIAL_IPAIRS_STEP;
  push_function(L, base_ipairs, "ipairs", 1);
  set_from_top(L, globals, "ipairs");

  for (uint32_t tag = 0; tag <= TAG_THREAD; tag++) {
    Value of_type;
    of_type.tag = tag;
    push_text(L, type_name(&of_type));
  }
  push_function(L, base_type, "type", TAG_THREAD + 1);
  set_from_top(L, globals, "type");

  push_table(L, globals);
  set_from_top(L, globals, "_G");
  push_text(L, "Lua 5.4");
  set_from_top(L, globals, "_VERSION");
  table_set_str(L, L->vm->loaded, str_from(L, "_G"), L->top - 1);
  open_load(L);
  L->top--;
}
