/* What library functions are made with: argument checks, function objects, userdata, tables of functions. */
#include "api.h"

#include <stdalign.h>
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
  if (L->stack_limit - L->top <= n) stack_reserve(L, n);
}

CFn *push_function(Thread *L, CFunction call, const char *name, int upvalues) {
  CFn *f = gc_new_object(L, TAG_CFN, sizeof(CFn) + (size_t)upvalues * sizeof(Value));
  f->upvalue_count = (uint8_t)upvalues;
  f->special = SPECIAL_NONE;
  f->call = call;
  f->name = name;
  f->calls = 0;
  f->ticks = 0;
  f->gray_next = NULL;
  L->top -= upvalues;
  for (int i = 0; i < upvalues; i++) value_copy(&f->upvalues[i], &L->top[i]);
  Value *v = push(L);
  v->cfn = f;
  v->tag = TAG_CFN;
  return f;
}

void set_function(Thread *L, Table *t, const char *key, CFunction call, const char *name) {
  push_function(L, call, name, 0);
  set_from_top(L, t, key);
}

/* A userdata's block: the object, its user values, its bytes. */
#define USERDATA_BYTES ((sizeof(Userdata) + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t))

static inline size_t userdata_data_offset(int user_values) {
  return USERDATA_BYTES + (size_t)user_values * sizeof(Value);
}

Userdata *push_userdata(Thread *L, size_t size, int user_values) {
  size_t offset = userdata_data_offset(user_values);
  if (size > SIZE_MAX / 2) error_memory(L);
  Userdata *u = gc_new_object(L, TAG_USERDATA, offset + size);
  u->user_value_count = (uint16_t)user_values;
  u->size = size;
  u->meta = NULL;
  u->gray_next = NULL;
  u->user_values = (Value *)((char *)u + USERDATA_BYTES);
  for (int i = 0; i < user_values; i++) set_nil(&u->user_values[i]);
  u->data = (char *)u + offset;
  memset(u->data, 0, size);
  Value *v = push(L);
  v->userdata = u;
  v->tag = TAG_USERDATA;
  return u;
}

void userdata_free(VM *vm, Userdata *u) {
  size_t block = userdata_data_offset(u->user_value_count);
  if (u->data == (char *)u + block)
    block += u->size;
  else if (u->data)
    memory_free(vm, u->data, u->size);
  memory_free(vm, u, block);
}

/* A qualified name that lives as long as the VM: it is a key of a table in the registry. */
static const char *name_keep(Thread *L, const char *library, const char *name) {
  Table *registry = L->vm->registry.table;
  Str *key = str_from(L, "function names");
  const Value *kept = table_get_str(registry, key);
  if (!is_table(kept)) {
    Value fresh;
    set_table(&fresh, table_new(L, 0, 0));
    table_set_str(L, registry, key, &fresh);
    kept = table_get_str(registry, key);
  }
  Value yes;
  set_bool(&yes, true);
  Str *qualified = push_format(L, "%s.%s", library, name);
  L->top--;
  table_set_str(L, kept->table, qualified, &yes);
  return qualified->text;
}

Table *library_new(Thread *L, const char *library, const LibraryEntry *entries) {
  VM *vm = L->vm;
  uint32_t count = 0;
  while (entries[count].name) count++;
  Table *t = library ? table_new(L, 0, count) : vm->globals;
  push_table(L, t);
  for (const LibraryEntry *e = entries; e->name; e++) {
    CFn *f = push_function(L, e->call, library ? name_keep(L, library, e->name) : e->name, 0);
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
