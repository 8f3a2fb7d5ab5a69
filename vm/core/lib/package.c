/* The package library: require, its searchers and their paths. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "capi/host.h"
#include "capi/module.h"
#include "sandbox.h"

#if defined(_WIN32)
#define DIRECTORY_SEPARATOR "\\"
#else
#define DIRECTORY_SEPARATOR "/"
#endif

#define VERSION_SUFFIX "_5_4"
#define SHARE "/usr/local/share/lua/5.4/"
#define LOCAL "/usr/local/lib/lua/5.4/"
#define SYSTEM "/usr/share/lua/5.4/"

static const char default_path[] = SHARE "?.lua;" SHARE "?/init.lua;" LOCAL "?.lua;" LOCAL "?/init.lua;" SYSTEM
                                         "?.lua;" SYSTEM "?/init.lua;./?.lua;./?/init.lua";
static const char default_cpath[] = LOCAL "?.so;"
#if defined(__linux__) && defined(__x86_64__)
                                          "/usr/lib/x86_64-linux-gnu/lua/5.4/?.so;"
#elif defined(__linux__) && defined(__aarch64__)
                                          "/usr/lib/aarch64-linux-gnu/lua/5.4/?.so;"
#endif
                                          "/usr/lib/lua/5.4/?.so;" LOCAL "loadall.so;./?.so";

static const char sandbox_refusal[] = "C modules cannot be loaded in the sandbox";

static void add_text(Buffer *b, const char *text) { buffer_add(b, text, strlen(text)); }

/* Adds `text` with every `mark` replaced. */
static void add_replaced(Buffer *b, const char *text, const char *mark, const char *replacement) {
  size_t length = strlen(mark);
  for (const char *found; (found = strstr(text, mark)) != NULL; text = found + length) {
    buffer_add(b, text, (size_t)(found - text));
    add_text(b, replacement);
  }
  add_text(b, text);
}

static bool is_readable(const VM *vm, const char *path) {
  FILE *file = sandbox_open(vm, path);
  if (file) fclose(file);
  return file != NULL;
}

/* Pushes the first readable file that the templates in `path` give for a name, or else, returning false, a message
   that lists what was tried. */
static bool search_path(Thread *L, const char *name, const char *path, const char *separator,
                        const char *replacement) {
  Buffer b;
  if (*separator != '\0' && strstr(name, separator)) {
    buffer_init(L, &b);
    add_replaced(&b, name, separator, replacement);
    name = buffer_push(&b)->text;
  }
  Buffer names;
  buffer_init(L, &names);
  add_replaced(&names, path, "?", name);
  buffer_add_char(&names, '\0');
  char *end = names.data + names.length - 1;
  for (char *start = names.data; start < end;) {
    char *stop = strchr(start, ';');
    if (!stop) stop = end;
    *stop = '\0';
    if (is_readable(L->vm, start)) {
      push_text(L, start);
      return true;
    }
    if (stop < end) *stop = ';';
    start = stop + 1;
  }
  names.length--;
  const char *tried = buffer_push(&names)->text;
  buffer_init(L, &b);
  add_text(&b, "no file '");
  add_replaced(&b, tried, ";", "'\n\tno file '");
  add_text(&b, "'");
  buffer_push(&b);
  return false;
}

static int package_searchpath(Thread *L, Value *args, int count) {
  const Str *replacement = arg_str_or_null(L, args, count, 4);
  const Str *separator = arg_str_or_null(L, args, count, 3);
  const char *path = arg_str(L, args, count, 2)->text;
  const char *name = arg_str(L, args, count, 1)->text;
  if (search_path(L, name, path, separator ? separator->text : ".",
                  replacement ? replacement->text : DIRECTORY_SEPARATOR))
    return 1;
  push_value(L, L->top - 1);
  set_nil(L->top - 2);
  return 2;
}

/* Pushes a field of the package table, which is the running function's upvalue. */
static Value *push_package_field(Thread *L, const char *name) {
  Value result;
  push_text(L, name);
  index_get(L, &running_function(L)->upvalues[0], L->top - 1, &result);
  value_copy(L->top - 1, &result);
  return L->top - 1;
}

/* Searches the templates in a field of the package table, as search_path. */
static bool search_field(Thread *L, const char *name, const char *field) {
  Value *path = push_package_field(L, field);
  if (!value_as_str(L, path)) error_library(L, "'package.%s' must be a string", field);
  return search_path(L, name, path->str->text, ".", DIRECTORY_SEPARATOR);
}

static NORETURN void error_loading(Thread *L, const char *name, const char *path, const char *reason) {
  error_library(L, "error loading module '%s' from file '%s':\n\t%s", name, path, reason);
}

static int searcher_preload(Thread *L, Value *args, int count) {
  const Str *name = arg_str(L, args, count, 1);
  Value result;
  const Value *preload = table_get_str(L->vm->registry.table, str_from(L, "_PRELOAD"));
  index_get(L, preload, &thread_args(L)[0], &result);
  if (is_nil(&result)) {
    push_format(L, "no field package.preload['%s']", name->text);
    return 1;
  }
  push_value(L, &result);
  push_text(L, ":preload:");
  return 2;
}

static int searcher_lua(Thread *L, Value *args, int count) {
  const char *name = arg_str(L, args, count, 1)->text;
  if (!search_field(L, name, "path")) return 1;
  const char *path = L->top[-1].str->text;
  int status = load_file(L, path, NULL);
  if (status_is_final(status)) error_throw_status(L, status);
  if (status != STATUS_OK)
    error_loading(L, name, path, is_string(L->top - 1) ? L->top[-1].str->text : "?");
  push_text(L, path);
  return 2;
}

/* Pushes the function luaopen_NAME of a library, or why it is not there. */
static enum ModuleResult load_opener(Thread *L, const char *path, const char *name, size_t length) {
  Buffer b;
  buffer_init(L, &b);
  add_text(&b, "luaopen_");
  for (size_t i = 0; i < length; i++) buffer_add_char(&b, name[i] == '.' ? '_' : name[i]);
  return module_load(L, path, buffer_push(&b)->text);
}

/* The same for a module, whose name may have a part before or behind a hyphen that is no part of the function's. */
static enum ModuleResult load_module(Thread *L, const char *path, const char *name) {
  if (L->vm->sandboxed) {
    push_text(L, sandbox_refusal);
    return MODULE_NOT_OPENED;
  }
  const char *hyphen = strchr(name, '-');
  if (hyphen) {
    enum ModuleResult result = load_opener(L, path, name, (size_t)(hyphen - name));
    if (result != MODULE_NO_FUNCTION) return result;
    name = hyphen + 1;
  }
  return load_opener(L, path, name, strlen(name));
}

static int searcher_c(Thread *L, Value *args, int count) {
  const char *name = arg_str(L, args, count, 1)->text;
  if (!search_field(L, name, "cpath")) return 1;
  const char *path = L->top[-1].str->text;
  if (load_module(L, path, name) != MODULE_LOADED) error_loading(L, name, path, L->top[-1].str->text);
  push_text(L, path);
  return 2;
}

/* A C library may hold the submodules of the module it is named for. */
static int searcher_c_root(Thread *L, Value *args, int count) {
  const char *name = arg_str(L, args, count, 1)->text;
  const char *dot = strchr(name, '.');
  if (!dot) return 0;
  push_bytes(L, name, (size_t)(dot - name));
  if (!search_field(L, L->top[-1].str->text, "cpath")) return 1;
  const char *path = L->top[-1].str->text;
  enum ModuleResult result = load_module(L, path, name);
  if (result == MODULE_NO_FUNCTION) {
    push_format(L, "no module '%s' in file '%s'", name, path);
    return 1;
  }
  if (result != MODULE_LOADED) error_loading(L, name, path, L->top[-1].str->text);
  push_text(L, path);
  return 2;
}

/* Pushes the loader of a module and the searcher's extra value for it, or throws. */
static void push_loader(Thread *L, const char *name) {
  const Value *searchers = push_package_field(L, "searchers");
  if (!is_table(searchers)) error_library(L, "'package.searchers' must be a table");
  Table *list = searchers->table;
  Buffer message;
  buffer_init(L, &message);
  for (int64_t i = 1;; i++) {
    const Value *searcher = table_get_int(list, i);
    if (is_nil(searcher)) {
      if (L->vm->sandboxed) add_text(&message, "\n\t(the sandbox loads modules only from the program's folder)");
      error_library(L, "module '%s' not found:%s", name, buffer_push(&message)->text);
    }
    push_value(L, searcher);
    push_value(L, thread_args(L));
    call_value(L, 1, 2);
    const Value *result = L->top - 2;
    if (is_function(result)) return;
    if (is_string(result) || is_number(result)) {
      add_text(&message, "\n\t");
      L->top--;
      buffer_add_value(&message);
    } else {
      L->top -= 2;
    }
  }
}

/* The module stored in package.loaded. */
static void get_loaded(Thread *L, Value *result) {
  Value loaded;
  set_table(&loaded, L->vm->loaded);
  index_get(L, &loaded, thread_args(L), result);
}

static void set_loaded(Thread *L, const Value *module) {
  Value loaded;
  set_table(&loaded, L->vm->loaded);
  index_set(L, &loaded, thread_args(L), module);
}

static int package_require(Thread *L, Value *args, int count) {
  const char *name = arg_str(L, args, count, 1)->text;
  Value module;
  L->top = args + 1;
  get_loaded(L, &module);
  if (!is_falsy(&module)) {
    push_value(L, &module);
    return 1;
  }
  push_loader(L, name);
  Value extra;
  value_copy(&extra, L->top - 1);
  value_copy(L->top - 1, L->top - 2); /* the extra value stays below the call */
  value_copy(L->top - 2, &extra);
  push_value(L, thread_args(L));
  push_value(L, &extra);
  call_value(L, 2, 1);
  if (!is_nil(L->top - 1)) set_loaded(L, L->top - 1);
  get_loaded(L, &module);
  if (is_nil(&module)) {
    set_bool(&module, true);
    set_loaded(L, &module);
  }
  value_copy(L->top - 1, L->top - 2);
  value_copy(L->top - 2, &module);
  return 2;
}

static int package_loadlib(Thread *L, Value *args, int count) {
  const char *path = arg_str(L, args, count, 1)->text;
  enum ModuleResult result = module_load(L, path, arg_str(L, args, count, 2)->text);
  if (result == MODULE_LOADED) return 1;
  push_value(L, L->top - 1);
  set_nil(L->top - 2);
  push_text(L, result == MODULE_NOT_OPENED ? "open" : result == MODULE_NO_FUNCTION ? "init" : "absent");
  return 3;
}

static const LibraryEntry entries[] = {
  {"loadlib", package_loadlib, SPECIAL_NONE},
  {"searchpath", package_searchpath, SPECIAL_NONE},
  {NULL, NULL, SPECIAL_NONE},
};

/* Sets a path from the environment; ";;" in it stands for the default. */
static void set_path(Thread *L, Table *library, const char *field, const char *versioned, const char *plain,
                     const char *standard) {
  const char *path = getenv(versioned);
  if (!path) path = getenv(plain);
  const char *mark = path ? strstr(path, ";;") : NULL;
  if (!mark) {
    push_text(L, path ? path : standard);
  } else {
    Buffer b;
    buffer_init(L, &b);
    if (mark > path) {
      buffer_add(&b, path, (size_t)(mark - path));
      buffer_add_char(&b, ';');
    }
    add_text(&b, standard);
    if (mark[2] != '\0') {
      buffer_add_char(&b, ';');
      add_text(&b, mark + 2);
    }
    buffer_push(&b);
  }
  set_from_top(L, library, field);
}

void open_package(Thread *L) {
  static const struct {
    CFunction call;
    const char *name;
  } searchers[] = {
    {searcher_preload, "package.searcher_preload"},
    {searcher_lua, "package.searcher_lua"},
    {searcher_c, "package.searcher_c"},
    {searcher_c_root, "package.searcher_c_root"},
  };
  enum { SEARCHERS = sizeof searchers / sizeof *searchers };
  Table *registry = L->vm->registry.table;
  Table *library = library_new(L, "package", entries);
  capi_open(L->vm);

  Table *list = table_new(L, SEARCHERS, 0);
  for (int i = 0; i < SEARCHERS; i++) {
    push_table(L, library);
    push_function(L, searchers[i].call, searchers[i].name, 1);
    table_set_int(L, list, i + 1, L->top - 1);
    L->top--;
  }
  push_table(L, list);
  set_from_top(L, library, "searchers");

  set_path(L, library, "path", "LUA_PATH" VERSION_SUFFIX, "LUA_PATH", default_path);
  set_path(L, library, "cpath", "LUA_CPATH" VERSION_SUFFIX, "LUA_CPATH", default_cpath);
  push_text(L, DIRECTORY_SEPARATOR "\n;\n?\n!\n-\n");
  set_from_top(L, library, "config");

  push_table(L, L->vm->loaded);
  push_value(L, L->top - 1);
  set_from_top(L, library, "loaded");
  set_from_top(L, registry, "_LOADED");
  push_table(L, table_new(L, 0, 0));
  push_value(L, L->top - 1);
  set_from_top(L, library, "preload");
  set_from_top(L, registry, "_PRELOAD");

  push_table(L, library);
  push_function(L, package_require, "require", 1);
  set_from_top(L, L->vm->globals, "require");
  L->top--;
}
