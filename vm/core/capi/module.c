/* C modules: how they are loaded, and which Lua one was built for that does not fit. */
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "module.h"

#include <stdio.h>
#include <string.h>
#if !defined(_WIN32)
#include <dlfcn.h>
#endif

#include "lib/api.h"
#include "function.h"

#if defined(_WIN32)
enum ModuleResult module_load(Thread *L, const char *path, const char *function) {
  (void)path, (void)function;
  push_text(L, "C modules cannot be loaded on Windows: they are built against lua54.dll");
  return MODULE_NOT_SUPPORTED;
}
#else

/* Functions of the C API that only some Luas have: a library that needs one was built for them. The first that is found
   counts. */
static const struct {
  const char *function;
  const char *lua;
} elsewhere[] = {
  {"lua_objlen", "5.1"},
  {"lua_getfenv", "5.1"},
  {"lua_setfenv", "5.1"},
  {"lua_equal", "5.1"},
  {"lua_lessthan", "5.1"},
  {"lua_cpcall", "5.1"},
  {"lua_call", "5.1"},
  {"lua_pcall", "5.1"},
  {"lua_tonumber", "5.1"},
  {"lua_tointeger", "5.1"},
  {"luaL_register", "5.1"},
  {"luaL_openlib", "5.1"},
  {"luaL_typerror", "5.1"},
  {"luaJIT_setmode", "LuaJIT"},
  {"lua_tounsignedx", "5.2"},
  {"lua_pushunsigned", "5.2"},
  {"lua_getctx", "5.2"},
  {"luaL_checkunsigned", "5.2"},
  {"luaL_optunsigned", "5.2"},
  {"lua_insert", "5.2"},
  {"lua_remove", "5.2"},
  {"lua_replace", "5.2"},
  {"lua_newuserdata", "5.3"},
  {"lua_getuservalue", "5.3"},
  {"lua_setuservalue", "5.3"},
  {"lua_numbertocstring", "5.5"},
  {"lua_pushexternalstring", "5.5"},
  {"luaL_openselectedlibs", "5.5"},
};

/* Whether the library asks for a symbol, which stands between zeros in its table of names. */
static bool names_symbol(const char *bytes, size_t length, const char *symbol) {
  size_t size = strlen(symbol) + 1;
  for (const char *at = bytes, *end = bytes + length; (size_t)(end - at) > size;) {
    at = memchr(at, '\0', (size_t)(end - at));
    if (at == NULL || (size_t)(end - at) <= size) return false;
    if (memcmp(++at, symbol, size) == 0) return true;
  }
  return false;
}

/* "5.1" for a library that was built for Lua 5.1; NULL if it does not show. Pushes the library's bytes. */
static const char *built_for(Thread *L, const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return NULL;
  Buffer b;
  buffer_init(L, &b);
  size_t got;
  do b.length += got = fread(buffer_reserve(&b, BUFSIZ), 1, BUFSIZ, file);
  while (got == BUFSIZ);
  fclose(file);
  const Str *bytes = buffer_push(&b);
  for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
    if (names_symbol(bytes->text, str_length(bytes), elsewhere[i].function)) return elsewhere[i].lua;
  return NULL;
}

static void push_why_not_opened(Thread *L, const char *path) {
  const char *reason = dlerror();
  push_text(L, reason != NULL ? reason : "it cannot be opened");
  const Str *message = L->top[-1].str;
  if (strstr(message->text, "undefined symbol: lua") == NULL && strstr(message->text, "symbol not found") == NULL) return;
  ptrdiff_t place = L->top - L->stack - 1;
  const char *lua = built_for(L, path);
  L->top = L->stack + place + 1;
  if (lua == NULL) return;
  push_format(L, "it was built for %s%s, and this is Lua 5.4\n\t(%s)", lua[0] == '5' ? "Lua " : "", lua, message->text);
  value_copy(L->stack + place, L->top - 1);
  L->top = L->stack + place + 1;
}

/* Modules look for lua_* among the symbols that all may use; Python keeps those of an extension to itself. */
static void make_symbols_known(void) {
  static atomic_bool is_done;
  Dl_info self;
  if (atomic_load(&is_done) || dladdr((void *)(uintptr_t)module_load, &self) == 0) return;
  atomic_store(&is_done, dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL) != NULL);
}

enum ModuleResult module_load(Thread *L, const char *path, const char *function) {
  make_symbols_known();
  bool is_for_others = *function == '*';
  void *library = dlopen(path, RTLD_NOW | (is_for_others ? RTLD_GLOBAL : RTLD_LOCAL));
  if (library == NULL) {
    push_why_not_opened(L, path);
    return MODULE_NOT_OPENED;
  }
  if (is_for_others) {
    push_bool(L, true);
    return MODULE_LOADED;
  }
  ForeignFunction found = (ForeignFunction)(uintptr_t)dlsym(library, function);
  if (found == NULL) {
    const char *reason = dlerror();
    push_text(L, reason != NULL ? reason : "there is no such function");
    return MODULE_NO_FUNCTION;
  }
  foreign_push_function(L, found, 0);
  foreign_name(L, L->top - 1, str_from(L, function));
  return MODULE_LOADED;
}

#endif
