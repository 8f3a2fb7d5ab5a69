/* The sandbox: the standard libraries without what touches the machine.

   Functions that are not on the lists below are replaced where they stand, so that nothing a program can reach leads to
   them; calling one is an error that says why. Listed functions that open files by name look at vm->sandboxed. */
#if !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE 1
#endif
#include "sandbox.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define SEPARATOR '\\'
enum { PATH_SIZE = 32768 };
static bool resolve(const char *path, char *out) { return _fullpath(out, path, PATH_SIZE) != NULL; }
#else
#define SEPARATOR '/'
#if defined(PATH_MAX)
enum { PATH_SIZE = PATH_MAX };
#else
enum { PATH_SIZE = 4096 };
#endif
static bool resolve(const char *path, char *out) { return realpath(path, out) != NULL; }
#endif

static const struct {
  const char *library;
  const char *functions[12];
} kept[] = {
  {"debug", {"getinfo", "traceback"}},
  {"io", {"close", "flush", "input", "lines", "output", "read", "type", "write"}},
  {"os", {"clock", "date", "difftime", "exit", "time"}},
  {"package", {"searchpath"}},
};

static const char kept_module[] = "perilune.profiler";

static int refused_function(Thread *L, Value *args, int count) {
  (void)args;
  (void)count;
  error_library(L, "%s is not available in the sandbox", running_function(L)->name);
}

static int refused_module(Thread *L, Value *args, int count) {
  error_library(L, "module '%s' is not available in the sandbox", arg_str(L, args, count, 1)->text);
}

static bool is_kept(size_t library, const char *function) {
  for (const char *const *name = kept[library].functions; *name; name++)
    if (strcmp(*name, function) == 0) return true;
  return false;
}

static void replace_functions(Thread *L, Table *library, size_t index) {
  uint32_t position = 0;
  Value key, value;
  while (table_iterate(library, &position, &key, &value)) {
    if (value.tag != TAG_CFN || !is_string(&key) || is_kept(index, key.str->text)) continue;
    push_function(L, refused_function, value.cfn->name, 0);
    set_from_top(L, library, key.str->text);
  }
}

static void replace_modules(Thread *L, Table *preload) {
  uint32_t position = 0;
  Value key, value;
  while (table_iterate(preload, &position, &key, &value)) {
    if (!is_string(&key) || strcmp(key.str->text, kept_module) == 0) continue;
    push_function(L, refused_module, "module", 0);
    set_from_top(L, preload, key.str->text);
  }
}

void sandbox_enter(Thread *L, const char *root) {
  VM *vm = L->vm;
  char resolved[PATH_SIZE];
  Table *registry = vm->registry.table;
  vm->sandboxed = true;
  if (root && resolve(root, resolved)) {
    push_text(L, resolved);
    vm->sandbox_root = L->top[-1].str->text;
    set_from_top(L, registry, "sandbox root"); /* which keeps it alive */
  }
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
    replace_functions(L, table_get_str(vm->loaded, str_from(L, kept[i].library))->table, i);
  replace_modules(L, table_get_str(registry, str_from(L, "_PRELOAD"))->table);
}

static bool is_below(const char *path, const char *root) {
  size_t length = strlen(root);
  if (length > 0 && root[length - 1] == SEPARATOR) length--; /* the root of all folders */
  return strncmp(path, root, length) == 0 && path[length] == SEPARATOR;
}

FILE *sandbox_open(const VM *vm, const char *path) {
  char resolved[PATH_SIZE];
  errno = 0;
  if (!vm->sandboxed) return fopen(path, "rb");
  if (vm->sandbox_root && resolve(path, resolved) && is_below(resolved, vm->sandbox_root))
    return fopen(resolved, "rb");
  errno = 0;
  return NULL;
}
