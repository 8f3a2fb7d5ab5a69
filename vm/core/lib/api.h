/* What a library function needs: arguments in, results out.

   A library function is `static int base_type(Thread *L, Value *args, int count)`. It returns the number of results,
   which it left just below L->top. At entry L->top == args + count, MIN_C_SLOTS slots above are free. */
#ifndef PERILUNE_API_H
#define PERILUNE_API_H

#include "machine/buffer.h"
#include "machine/call.h"
#include "machine/collect.h"
#include "machine/debuginfo.h"
#include "machine/interpreter.h"
#include "machine/interrupt.h"
#include "machine/push.h"
#include "memory/gc.h"
#include "memory/memory.h"
#include "objects/number.h"
#include "objects/object.h"
#include "objects/str.h"
#include "objects/table.h"
#include "objects/upvalue.h"
#include "objects/vm.h"

/* Argument n (from 1) as a value; nil if absent. `absent` tells a missing one from nil. */
static inline const Value *arg(const Value *args, int count, int n) { return n <= count ? &args[n - 1] : &nil_value; }
static inline bool absent_or_nil(const Value *args, int count, int n) { return n > count || is_nil(&args[n - 1]); }

/* These throw "bad argument" errors. Strings that are numerals count as numbers; numbers count as strings and are
   replaced in args by their text. */
void arg_any(Thread *L, const Value *args, int count, int n);
int64_t arg_int_slow(Thread *L, const Value *args, int count, int n);
double arg_float_slow(Thread *L, const Value *args, int count, int n);
Str *arg_str_slow(Thread *L, Value *args, int count, int n);
static inline int64_t arg_int(Thread *L, const Value *args, int count, int n) {
  return LIKELY(n <= count && is_int(&args[n - 1])) ? args[n - 1].i : arg_int_slow(L, args, count, n);
}
static inline int64_t arg_int_or(Thread *L, const Value *args, int count, int n, int64_t otherwise) {
  return absent_or_nil(args, count, n) ? otherwise : arg_int(L, args, count, n);
}
static inline double arg_float(Thread *L, const Value *args, int count, int n) {
  return LIKELY(n <= count && is_float(&args[n - 1])) ? args[n - 1].n : arg_float_slow(L, args, count, n);
}
static inline double arg_float_or(Thread *L, const Value *args, int count, int n, double otherwise) {
  return absent_or_nil(args, count, n) ? otherwise : arg_float(L, args, count, n);
}
const Value *arg_number(Thread *L, Value *args, int count, int n); /* a numeral string is replaced by its number */
static inline Str *arg_str(Thread *L, Value *args, int count, int n) {
  return LIKELY(n <= count && is_string(&args[n - 1])) ? args[n - 1].str : arg_str_slow(L, args, count, n);
}
static inline Str *arg_str_or_null(Thread *L, Value *args, int count, int n) {
  return absent_or_nil(args, count, n) ? NULL : arg_str(L, args, count, n);
}
Table *arg_table(Thread *L, const Value *args, int count, int n);
void arg_function(Thread *L, const Value *args, int count, int n);
Thread *arg_thread(Thread *L, const Value *args, int count, int n); /* "coroutine expected" */
/* Index of the string argument in a NULL-ended list; otherwise -1 means required. */
int arg_option(Thread *L, Value *args, int count, int n, const char *otherwise, const char *const options[]);

/* stack_reserve for library functions: throws "stack overflow (message)". The stack may move. */
void stack_check(Thread *L, int n, const char *message);

/* Pops the value on the top into a field; raw. */
static inline void set_from_top(Thread *L, Table *t, const char *key) {
  table_set_str(L, t, str_from(L, key), L->top - 1);
  L->top--;
}

/* A qualified name that lives as long as the VM, as a key of a table in the registry: the same one for the same text. */
Str *name_keep(Thread *L, const char *library, const char *name);
/* Stores a C function without upvalues in a field; raw. */
void set_function(Thread *L, Table *t, const char *key, CFunction call, const char *name);
typedef struct LibraryEntry {
  const char *name;
  CFunction call;
  uint8_t special; /* enum Special */
} LibraryEntry;

/* Makes a table with the entries (functions named "library.name"), stores it as the global and in package.loaded under
   the name `library`, and pushes it. With library NULL the entries go into the table of globals, which is pushed. */
Table *library_new(Thread *L, const char *library, const LibraryEntry *entries);

/* Each opens its library: adds its globals. */
void open_base(Thread *L);
void open_load(Thread *L); /* what of the base functions loads chunks; called by open_base */
void open_coroutine(Thread *L);
void open_string(Thread *L);
void open_table(Thread *L);
void open_math(Thread *L);
void open_io(Thread *L);
void open_os(Thread *L);
void open_package(Thread *L);
void open_utf8(Thread *L);
void open_debug(Thread *L);
void open_filesystem(Thread *L); /* into package.preload, as lfs */
void open_profiler(Thread *L);   /* into package.preload, as perilune.profiler */
void open_libraries(Thread *L);

/* Loads a chunk: binary (undump and verify) or text (through the VM's compile callback); `mode` as Lua's "bt". Pushes
   the function with its first upvalue set to the globals, or the error message; returns a STATUS_. */
int load_chunk(Thread *L, const char *text, size_t length, const char *chunkname, const char *mode);
/* As load_chunk, a binary chunk; `text_number` is by what the embedder knows the text that it was compiled from. */
int load_known_chunk(Thread *L, const char *chunk, size_t length, const char *chunkname, uint32_t text_number);
/* Reads a file (NULL: standard input), skips a `#` line, loads it. */
int load_file(Thread *L, const char *path, const char *mode);

#endif
