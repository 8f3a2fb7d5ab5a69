/* Walking the stack of a coroutine, and finding names for the functions on it. */
#define _GNU_SOURCE
#include "stacks.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "recording.h"

#define INNERMOST 200  /* calls of a stack that are looked at */
#define OUTERMOST 16   /* calls at the other end of a longer one, */
#define DEEPEST 2000   /* if it is not longer than this: to come to a level takes as long as it is deep */
#define LONGEST_NAME 200
#define SEARCHED 50000 /* entries of tables in which a function in C is looked for */

static const char *const TAIL_CALLS = "(tail calls)";
static const char *const NOT_SHOWN = "(calls not shown)";

typedef struct Place {
  uint32_t function;
  int line;
} Place;

static uint32_t stand_in(const char *name) {
  const uint64_t identity[3] = {(uintptr_t)name, 0, 'T'};
  uint32_t number;
  if (recording_knows(identity, &number)) return number;
  return recording_function(identity, &(RecordedFunction){'T', 0, 0, "", name});
}

static uint64_t text_hash(const char *text) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (; *text != '\0'; text++) hash = (hash ^ (unsigned char)*text) * 0x100000001B3u;
  return hash;
}

/* Looks for the function at index `function` among the values of the table on top; its key is the name. */
static bool find_in_table(const LuaApi *api, lua_State *L, int function, const char *table, char join, int *left,
                          char name[LONGEST_NAME]) {
  bool found = false;
  api->pushnil(L);
  while (!found && api->next(L, -2) != 0) {
    if (--*left < 0) {
      api->settop(L, -3);
      return false;
    }
    if (api->type(L, -2) == LUA_TYPE_STRING && api->rawequal(L, -1, function)) {
      const char *key = api->tolstring(L, -2, NULL);
      bool is_global = table[0] == '\0' || strcmp(table, "_G") == 0;
      snprintf(name, LONGEST_NAME, is_global ? "%.0s%.0s%s" : "%s%.1s%s", table, &join, key);
      found = true;
      api->settop(L, -2);
    }
    api->settop(L, -2);
  }
  return found;
}

/* Looks in every table that the table on top has under a text; where methods are wanted, in the `__index` of each too. */
static bool find_in_tables(const LuaApi *api, lua_State *L, int function, bool methods, int *left, char name[LONGEST_NAME]) {
  bool found = false;
  api->pushnil(L);
  while (!found && *left > 0 && api->next(L, -2) != 0) {
    if (api->type(L, -2) == LUA_TYPE_STRING && api->type(L, -1) == LUA_TYPE_TABLE) {
      const char *key = api->tolstring(L, -2, NULL);
      found = strcmp(key, "_LOADED") != 0 && find_in_table(api, L, function, key, methods ? ':' : '.', left, name);
    }
    api->settop(L, found ? -3 : -2);
  }
  return found;
}

/* The name of the function in C on top of the stack, by where modules and types keep it, else by the symbol of its code. */
static void name_c_function(const LuaApi *api, lua_State *L, char name[LONGEST_NAME]) {
  int top = api->gettop(L), left = SEARCHED;
  bool found = false;
  name[0] = '\0';
  if (!api->checkstack(L, 8)) return;
  api->getfield(L, api->registry, "_LOADED");
  if (api->type(L, -1) == LUA_TYPE_TABLE) found = find_in_tables(api, L, top, false, &left, name);
  if (!found) {
    api->settop(L, top);
    api->pushvalue(L, api->registry);
    found = find_in_tables(api, L, top, true, &left, name);
  }
  api->settop(L, top);
  LuaFunction function = api->tocfunction(L, top);
  Dl_info symbol;
  if (!found && function != NULL && dladdr(*(void **)(void *)&function, &symbol) != 0 && symbol.dli_sname != NULL)
    snprintf(name, LONGEST_NAME, "%s", symbol.dli_sname);
}

static uint32_t c_function(const LuaApi *api, lua_State *L, LuaDebug *activation) {
  if (!api->checkstack(L, 2)) return 0;
  api->getinfo(L, "f", activation);
  LuaFunction function = api->tocfunction(L, -1);
  const void *address = function != NULL ? *(void **)(void *)&function : api->topointer(L, -1);
  const uint64_t identity[3] = {(uintptr_t)address, (uintptr_t)api, 'C'};
  uint32_t number;
  if (!recording_knows(identity, &number)) {
    char name[LONGEST_NAME];
    name_c_function(api, L, name);
    if (name[0] == '\0') {
      api->getinfo(L, "n", activation);
      snprintf(name, sizeof name, "%s", activation->name != NULL ? activation->name : "");
    }
    number = recording_function(identity, &(RecordedFunction){'C', 0, 0, "", name});
  }
  api->settop(L, -2);
  return number;
}

/* The text of a chunk is no name of a file: what stands for it in messages is. */
static const char *source_name(const LuaApi *api, const LuaDebug *activation) {
  const char *source = activation->source;
  return source != NULL && source[0] == '@' ? source : lua_short_source(api, activation);
}

static uint32_t lua_function(const LuaApi *api, lua_State *L, LuaDebug *activation) {
  int first = lua_first_line(api, activation), last = lua_last_line(api, activation);
  const uint64_t identity[3] = {(uintptr_t)activation->source, (uint64_t)(uint32_t)first << 32 | (uint32_t)last,
                                text_hash(lua_short_source(api, activation))};
  uint32_t number;
  if (recording_knows(identity, &number)) return number;
  const char *name = NULL;
  if (activation->what != NULL && strcmp(activation->what, "main") == 0)
    name = "main chunk";
  else {
    LuaDebug named = *activation;
    if (api->getinfo(L, "n", &named)) name = named.name;
  }
  return recording_function(identity, &(RecordedFunction){'L', first, last, source_name(api, activation),
                                                          name == NULL ? "" : name});
}

/* The places of one activation, inner first: its own, and what stands for the calls before a tail call. */
static int places(const LuaApi *api, lua_State *L, LuaDebug *activation, Place found[2]) {
  if (!api->getinfo(L, api->version == 501 ? "Sl" : "Slt", activation) || activation->what == NULL) return 0;
  if (strcmp(activation->what, "tail") == 0) { /* 5.1's own stand-in */
    found[0] = (Place){stand_in(TAIL_CALLS), 0};
    return 1;
  }
  if (strcmp(activation->what, "C") == 0)
    found[0] = (Place){c_function(api, L, activation), 0};
  else
    found[0] = (Place){lua_function(api, L, activation), lua_current_line(api, activation)};
  if (!lua_is_tail_call(api, activation)) return 1;
  found[1] = (Place){stand_in(TAIL_CALLS), 0};
  return 2;
}

/* How many levels a stack has, above one that it is known to have. */
static int depth(const LuaApi *api, lua_State *L, int known) {
  LuaDebug activation;
  int low = known, high = 2 * known;
  while (high < 1 << 24 && api->getstack(L, high, &activation)) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    int middle = low + (high - low) / 2;
    if (api->getstack(L, middle, &activation))
      low = middle;
    else
      high = middle;
  }
  return high;
}

uint32_t stack_node(const LuaApi *api, lua_State *L, int level, uint32_t parent, int line) {
  Place stack[2 * (INNERMOST + OUTERMOST) + 1];
  LuaDebug activation;
  int count = 0, at = level;
  for (; at < level + INNERMOST && api->getstack(L, at, &activation); at++)
    count += places(api, L, &activation, &stack[count]);
  if (at == level + INNERMOST && api->getstack(L, at, &activation)) {
    int levels = depth(api, L, at);
    if (levels > at + OUTERMOST) stack[count++] = (Place){stand_in(NOT_SHOWN), 0};
    if (levels <= DEEPEST) {
      if (at < levels - OUTERMOST) at = levels - OUTERMOST;
      for (; api->getstack(L, at, &activation); at++) count += places(api, L, &activation, &stack[count]);
    }
  }
  if (line > 0 && count > 0) stack[0].line = line;
  uint32_t node = parent;
  while (count-- > 0)
    if (stack[count].function != 0) node = recording_node(node, stack[count].function, stack[count].line);
  return node;
}

uint32_t stack_line_node(const LuaApi *api, lua_State *L, LuaDebug *activation) {
  if (!api->getinfo(L, "Sl", activation) || activation->what == NULL || activation->what[0] == 'C') return 0;
  return recording_node(0, lua_function(api, L, activation), lua_current_line(api, activation));
}
