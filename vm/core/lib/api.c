/* What library functions are made with: argument checks, function objects, userdata, tables of functions. */
#include "api.h"

#include <string.h>

void arg_any(Thread *L, const Value *args, int count, int n) {
  (void)args;
  if (n > count) error_argument(L, n, "value expected");
}

int64_t arg_int_slow(Thread *L, const Value *args, int count, int n) {
  const Value *v = arg(args, count, n);
  Value number;
  int64_t result;
  if (!value_to_number(v, &number)) error_argument_type(L, n, "number");
  if (!number_to_int(&number, &result)) error_argument(L, n, "number has no integer representation");
  return result;
}

double arg_float_slow(Thread *L, const Value *args, int count, int n) {
  double result;
  if (n <= count && is_int(&args[n - 1])) return (double)args[n - 1].i;
  if (!value_to_float(arg(args, count, n), &result)) error_argument_type(L, n, "number");
  return result;
}

const Value *arg_number(Thread *L, Value *args, int count, int n) {
  Value number;
  if (!value_to_number(arg(args, count, n), &number)) error_argument_type(L, n, "number");
  value_copy(&args[n - 1], &number);
  return &args[n - 1];
}

Str *arg_str_slow(Thread *L, Value *args, int count, int n) {
  if (n > count || !is_number(&args[n - 1])) error_argument_type(L, n, "string");
  char text[NUMBER_TEXT];
  size_t length = number_write(text, &args[n - 1]);
  Str *s = str_new(L, text, length);
  set_str(&args[n - 1], s);
  return s;
}

Table *arg_table(Thread *L, const Value *args, int count, int n) {
  if (n > count || !is_table(&args[n - 1])) error_argument_type(L, n, "table");
  return args[n - 1].table;
}

void arg_function(Thread *L, const Value *args, int count, int n) {
  if (n > count || !is_function(&args[n - 1])) error_argument_type(L, n, "function");
}

Thread *arg_thread(Thread *L, const Value *args, int count, int n) {
  if (n > count || args[n - 1].tag != TAG_THREAD) error_argument_type(L, n, "coroutine");
  return args[n - 1].thread;
}

int arg_option(Thread *L, Value *args, int count, int n, const char *otherwise, const char *const options[]) {
  const char *name = otherwise && absent_or_nil(args, count, n) ? otherwise : arg_str(L, args, count, n)->text;
  for (int i = 0; options[i]; i++)
    if (strcmp(options[i], name) == 0) return i;
  error_argument(L, n, push_format(L, "invalid option '%s'", name)->text);
}

void stack_check(Thread *L, int n, const char *message) {
  if (L->top - L->stack + (ptrdiff_t)n > MAX_STACK_SLOTS) error_library(L, "stack overflow (%s)", message);
  if (L->stack_limit - L->top <= n) stack_reserve(L, (size_t)n);
}

void set_function(Thread *L, Table *t, const char *key, CFunction call, const char *name) {
  push_function(L, call, name, 0);
  set_from_top(L, t, key);
}

Str *name_keep(Thread *L, const char *library, const char *name) {
  Table *registry = L->vm->registry.table;
  Str *key = str_from(L, "function names");
  const Value *kept = table_get_str(registry, key);
  if (!is_table(kept)) {
    Value fresh;
    set_table(&fresh, table_new(L, 0, 0));
    table_set_str(L, registry, key, &fresh);
    kept = table_get_str(registry, key);
  }
  Str *qualified = push_format(L, "%s.%s", library, name);
  const Value *known = table_get_str(kept->table, qualified);
  if (is_nil(known)) table_set_str(L, kept->table, qualified, L->top - 1);
  L->top--;
  return is_nil(known) ? qualified : known->str;
}

Table *library_new(Thread *L, const char *library, const LibraryEntry *entries) {
  VM *vm = L->vm;
  uint32_t count = 0;
  while (entries[count].name) count++;
  Table *t = library ? table_new(L, 0, count) : vm->globals;
  push_table(L, t);
  for (const LibraryEntry *e = entries; e->name; e++) {
    CFn *f = push_function(L, e->call, library ? name_keep(L, library, e->name)->text : e->name, 0);
    f->special = e->special;
    table_set_str(L, t, str_from(L, e->name), L->top - 1);
    L->top--;
  }
  if (library) {
    Str *name = str_from(L, library);
    table_set_str(L, vm->globals, name, L->top - 1);
    if (vm->loaded) table_set_str(L, vm->loaded, name, L->top - 1);
  }
  return t;
}
