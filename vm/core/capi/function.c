/* C functions of the stock API: how they are called, which objects they are, what they are called in reports. */
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "function.h"

#include <string.h>
#if !defined(_WIN32)
#include <dlfcn.h>
#endif

#include "lib/api.h"
#include "machine/call.h"
#include "machine/hooks.h"

#define NAME_SIZE 128

/* What is owed when a C function returns n results: the event of a hook that it has set, as what called it does not look
   for one; and its variables to be closed. */
static int finish(Thread *L, int n, uint8_t hooks) {
  if (UNLIKELY(hooks == 0 && L->hook_mask != 0)) hook_return(L, L->top - n, n);
  if (UNLIKELY(L->tbc_last != NULL && L->tbc_last >= L->frame->base)) {
    ptrdiff_t results = L->top - n - L->stack;
    variables_close(L, L->frame->base - L->stack, NULL);
    L->top = L->stack + results + n;
  }
  return n;
}

static int call_foreign(Thread *L, Value *args, int count) {
  (void)args, (void)count;
  VM *vm = L->vm;
  uint8_t hooks = L->hook_mask;
  if (UNLIKELY(vm->mode == MODE_SAMPLE)) foreign_begin(vm);
  int n = L->frame->cfn->foreign(thread_state(L));
  foreign_pause(vm);
  return finish(L, n, hooks);
}

int foreign_continue(Thread *L, ForeignContinuation continuation, int status, intptr_t context) {
  VM *vm = L->vm;
  uint8_t hooks = L->hook_mask;
  if (UNLIKELY(vm->mode == MODE_SAMPLE)) foreign_begin(vm);
  int n = continuation(thread_state(L), foreign_status(status), context);
  foreign_pause(vm);
  return finish(L, n, hooks);
}

/* --- names */

/* The library that a function is in, as programs require it: "socket.core"; "C" if that is not known. */
static void library_name(ForeignFunction function, char out[NAME_SIZE]) {
  strcpy(out, "C");
#if !defined(_WIN32)
  static const char folder[] = "/lua/5.4/";
  Dl_info info;
  if (dladdr((void *)(uintptr_t)function, &info) == 0 || info.dli_fname == NULL) return;
  const char *name = strstr(info.dli_fname, folder);
  if (name != NULL) {
    name += sizeof folder - 1;
  } else {
    name = strrchr(info.dli_fname, '/');
    name = name != NULL ? name + 1 : info.dli_fname;
  }
  size_t n = 0;
  for (; *name != '\0' && strncmp(name, ".so", 3) != 0 && n < NAME_SIZE - 1; name++) out[n++] = *name == '/' ? '.' : *name;
  out[n] = '\0';
#else
  (void)function;
#endif
}

static bool is_unnamed(const char *name) { return name[strlen(name) - 1] == '?'; }

static Table *known_functions(Thread *L) {
  VM *vm = L->vm;
  if (vm->foreign_functions == NULL) vm->foreign_functions = table_new(L, 0, 64);
  return vm->foreign_functions;
}

void foreign_open(Thread *L, void *unused) {
  (void)unused;
  known_functions(L);
  name_keep(L, "C", "?");
}

static void set_address(Value *key, ForeignFunction function) { set_light(key, (uintptr_t)function); }

void foreign_name(Thread *L, const Value *v, const Str *key) {
  if (v->tag != TAG_CFN || v->cfn->foreign == NULL || !is_unnamed(v->cfn->name)) return;
  char library[NAME_SIZE];
  library_name(v->cfn->foreign, library);
  Str *text = name_keep(L, library, key->text);
  v->cfn->name = text->text;
  Value address, name; /* other objects of this function have the same name */
  set_address(&address, v->cfn->foreign);
  Table *known = known_functions(L);
  if (table_get(known, &address)->tag == TAG_CFN) return;
  set_str(&name, text);
  table_set(L, known, &address, &name);
}

/* --- objects */

/* What a function is called before it has been stored anywhere; `known` is what is known of its address. */
static const char *first_name(Thread *L, ForeignFunction function, const Value *known, const Value *address) {
  if (known->tag == TAG_CFN) return known->cfn->name;
  if (is_string(known)) return known->str->text;
  char library[NAME_SIZE];
  library_name(function, library);
  Str *name = name_keep(L, library, "?");
  Value kept;
  set_str(&kept, name);
  table_set(L, known_functions(L), address, &kept);
  return name->text;
}

void foreign_push_function(Thread *L, ForeignFunction function, int upvalues) {
  Table *known_table = known_functions(L);
  Value address;
  set_address(&address, function);
  const Value *known = table_get(known_table, &address);
  if (upvalues == 0 && known->tag == TAG_CFN) {
    push_value(L, known);
    return;
  }
  const char *name = first_name(L, function, known, &address);
  push_function(L, call_foreign, name, upvalues)->foreign = function;
  if (upvalues == 0) table_set(L, known_table, &address, L->top - 1);
}

/* --- the machine's own functions, called by C code */

#define MAX_NATIVE 256
static _Atomic(CFunction) natives[MAX_NATIVE]; /* of all machines: they are the same functions */

static int call_native(lua_State *S, int index);

#define NATIVE(n) \
  static int native_##n(lua_State *S) { return call_native(S, 0x##n); }
#define ROW(X, r) X(r##0) X(r##1) X(r##2) X(r##3) X(r##4) X(r##5) X(r##6) X(r##7) X(r##8) X(r##9) X(r##a) X(r##b) X(r##c) \
  X(r##d) X(r##e) X(r##f)
#define ROWS(X) \
  ROW(X, 0) ROW(X, 1) ROW(X, 2) ROW(X, 3) ROW(X, 4) ROW(X, 5) ROW(X, 6) ROW(X, 7) ROW(X, 8) ROW(X, 9) ROW(X, a) ROW(X, b) \
  ROW(X, c) ROW(X, d) ROW(X, e) ROW(X, f)
ROWS(NATIVE)
#define ADDRESS(n) native_##n,
static const ForeignFunction native_addresses[MAX_NATIVE] = {ROWS(ADDRESS)};

/* The object is the one whose address was asked for last. */
static int call_native(lua_State *S, int index) {
  Thread *L = state_thread(S);
  Value address;
  set_address(&address, native_addresses[index]);
  ptrdiff_t base = L->frame->base - L->stack;
  int count = (int)(L->top - L->frame->base);
  stack_reserve(L, (size_t)count + 1);
  ptrdiff_t function = L->top - L->stack;
  push_value(L, table_get(known_functions(L), &address));
  for (int i = 0; i < count; i++) push_value(L, L->stack + base + i);
  call_value(L, count, MULTIPLE_RESULTS);
  return (int)(L->top - L->stack - function);
}

ForeignFunction foreign_address(Thread *L, const Value *v) {
  if (v->cfn->foreign != NULL) return v->cfn->foreign;
  int index = 0;
  for (;; index++) {
    if (index == MAX_NATIVE) return NULL;
    CFunction there = NULL;
    if (atomic_compare_exchange_strong(&natives[index], &there, v->cfn->call) || there == v->cfn->call) break;
  }
  Value address;
  set_address(&address, native_addresses[index]);
  table_set(L, known_functions(L), &address, v);
  return native_addresses[index];
}
