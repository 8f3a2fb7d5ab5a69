/* What libFuzzer feeds with scripts of calls of the C API: every byte of the input chooses a call or one of its arguments,
   within what the reference manual allows. C functions of the script, which are metamethods, finalizers, continuations
   and hooks too, all go on reading where the one before has stopped. FUZZ_FUNCTIONS names a binary chunk that returns
   a table of the Lua functions that a script may call: fuzz_functions.lua. In a build with PERILUNE_EMERGENCY=1 garbage is
   collected at every allocation.

     cmake -S . -B fuzz -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang -DPERILUNE_PYTHON=OFF -DPERILUNE_SWITCH=ON \
       -DPERILUNE_SANITIZE=ON -DPERILUNE_EMERGENCY=1 -DPERILUNE_FUZZ=ON && cmake --build fuzz --target fuzz_api
     perilune disasm tests/c/fuzz_functions.lua >functions.pasm && perilune asm functions.pasm -o functions.luac
     FUZZ_FUNCTIONS=functions.luac fuzz/fuzz_api -detect_leaks=0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capi/capi.h"
#include "profiler/profiler.h"

#define MOST_DEPTH 8     /* of C functions inside each other */
#define MOST_SLOTS 60    /* in use by a C function, */
#define KEPT_SLOTS 20    /* and how many are kept if there are more */
#define MOST_BYTES 4000  /* of strings that are joined */
#define MOST_REFERENCES 8
#define LUA_FUNCTIONS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *count, char ***arguments);

static struct {
  const uint8_t *at, *end;
  int depth;
  int references[MOST_REFERENCES]; /* 0: none */
  bool hook_has_yielded;
} script;

static struct {
  char *bytes;
  size_t length;
} functions;

static unsigned next(void) { return script.at < script.end ? *script.at++ : 0; }

static unsigned next_below(unsigned limit) { return next() % limit; }

/* A C function's stack: slots up to `fixed` are to be closed or below such a one, and stay where they are. */
typedef struct Window {
  lua_State *L;
  int fixed;
  bool is_hook; /* it must not yield values, nor have continuations */
} Window;

static int any_place(const Window *w) {
  int top = lua_gettop(w->L);
  unsigned choice = next();
  if (choice >= 250) return LUA_REGISTRYINDEX;
  if (choice >= 240) return lua_upvalueindex((int)choice - 239);
  if (top == 0) return 1;
  return choice & 1 ? 1 + (int)(choice / 2) % top : -1 - (int)(choice / 2) % top;
}

/* A place that may be written; 0 if there is none. */
static int free_place(const Window *w) {
  int count = lua_gettop(w->L) - w->fixed;
  return count > 0 ? w->fixed + 1 + (int)next_below((unsigned)count) : 0;
}

static int table_place(const Window *w) {
  int place = any_place(w);
  for (int i = lua_gettop(w->L); !lua_istable(w->L, place) && i > 0; i--) place = i;
  return place != LUA_REGISTRYINDEX && lua_istable(w->L, place) ? place : 0;
}

static int place_of(const Window *w, int type) {
  for (int i = lua_gettop(w->L); i > 0; i--)
    if (lua_type(w->L, i) == type) return i;
  return 0;
}

/* Whether so many values may be taken off the top. */
static bool has(const Window *w, int count) { return lua_gettop(w->L) - w->fixed >= count; }

static const char *const names[] = {
  "__index", "__newindex", "__gc",  "__close",    "__call",      "__mode", "__name",
  "__eq",    "__lt",       "__len", "__tostring", "__metatable", "__add",  "__unm",
  "__concat", "x",         "y",     "k",          "v",           "a long name of more than forty characters, in fact"};

static const char *any_name(void) { return names[next_below(sizeof names / sizeof *names)]; }

static int step(lua_State *L);
static int step_on(lua_State *L, int status, lua_KContext context);

/* --- pushing */

static void push_any(Window *w) {
  lua_State *L = w->L;
  switch (next_below(16)) {
    case 0: lua_pushnil(L); break;
    case 1: lua_pushboolean(L, (int)next_below(2)); break;
    case 2: lua_pushinteger(L, (lua_Integer)next() - 8); break;
    case 3: lua_pushnumber(L, next() / 4.0); break;
    case 4: lua_pushstring(L, any_name()); break;
    case 5: lua_pushfstring(L, "%s %d %f %c%%%U", any_name(), (int)next(), next() / 3.0, 'a', 8364L); break;
    case 6: lua_createtable(L, (int)next_below(9), (int)next_below(9)); break;
    case 7: lua_newuserdatauv(L, next_below(200), (int)next_below(4)); break;
    case 8: lua_pushlightuserdata(L, &script.references[next_below(4)]); break;
    case 9: {
      int upvalues = (int)next_below(4);
      if (has(w, upvalues)) lua_pushcclosure(L, step, upvalues);
      break;
    }
    case 10: lua_newthread(L); break;
    case 11: lua_pushthread(L); break;
    case 12: lua_pushglobaltable(L); break;
    case 13:
      lua_getfield(L, LUA_REGISTRYINDEX, "functions");
      lua_rawgeti(L, -1, 1 + (int)next_below(LUA_FUNCTIONS));
      lua_remove(L, -2);
      break;
    case 14: lua_pushinteger(L, LUA_MAXINTEGER); break;
    default: {
      int place = any_place(w);
      if (place != LUA_REGISTRYINDEX) lua_pushvalue(L, place); /* what is in there has its rules */
      break;
    }
  }
}

/* --- what is on the stack */

static void move_values(Window *w) {
  lua_State *L = w->L;
  int place = free_place(w);
  switch (place != 0 ? next_below(6) : 9) {
    case 0: lua_insert(L, place); break;
    case 1: lua_remove(L, place); break;
    case 2: lua_replace(L, place); break;
    case 3: lua_rotate(L, place, (int)next_below((unsigned)(lua_gettop(L) - place + 1))); break;
    case 4: lua_copy(L, any_place(w), place); break;
    case 5: lua_settop(L, place); break;
    default: break;
  }
}

static void look(Window *w) {
  lua_State *L = w->L;
  int place = any_place(w), other = any_place(w);
  size_t length;
  lua_pushboolean(L, lua_isnumber(L, place) + lua_isstring(L, place) + lua_isuserdata(L, place));
  lua_pushnumber(L, lua_tonumber(L, place));
  lua_pushinteger(L, lua_tointeger(L, place));
  lua_pushinteger(L, (lua_Integer)lua_rawlen(L, place));
  lua_pushboolean(L, lua_rawequal(L, place, other) || lua_topointer(L, place) == lua_topointer(L, other));
  if (lua_iscfunction(L, place)) lua_pushcfunction(L, lua_tocfunction(L, place));
  if (place > 0 && place <= w->fixed) return;
  if (place != LUA_REGISTRYINDEX && lua_tolstring(L, place, &length) != NULL && length > MOST_BYTES) lua_pushnil(L);
}

/* --- tables and objects */

static void use_table(Window *w) {
  lua_State *L = w->L;
  int t = table_place(w);
  if (t == 0) return;
  t = lua_absindex(L, t);
  switch (next_below(11)) {
    case 0: if (has(w, 1)) lua_rawget(L, t); break;
    case 1: if (has(w, 2)) lua_rawset(L, t); break;
    case 2: lua_rawgeti(L, t, (lua_Integer)next_below(20)); break;
    case 3: if (has(w, 1)) lua_rawseti(L, t, (lua_Integer)next_below(20)); break;
    case 4: lua_rawgetp(L, t, &names[next_below(4)]); break;
    case 5: if (has(w, 1)) lua_rawsetp(L, t, &names[next_below(4)]); break;
    case 6: if (has(w, 1) && lua_next(L, t)) lua_pop(L, (int)next_below(2)); break;
    case 8: luaL_getsubtable(L, t, any_name()); break;
    case 9: lua_pushinteger(L, luaL_len(L, t)); break;
    default: if (has(w, 1)) lua_setfield(L, t, any_name()); break;
  }
}

static void use_value(Window *w) {
  lua_State *L = w->L;
  int place = any_place(w);
  switch (next_below(9)) {
    case 0: lua_getfield(L, place, any_name()); break;
    case 1: lua_geti(L, place, (lua_Integer)next_below(9)); break;
    case 2: if (has(w, 1)) lua_gettable(L, lua_absindex(L, place)); break;
    case 3: if (has(w, 2) && place != LUA_REGISTRYINDEX) lua_settable(L, lua_absindex(L, place)); break;
    case 4:
      if (has(w, 1) && place != LUA_REGISTRYINDEX) lua_seti(L, lua_absindex(L, place), (lua_Integer)next_below(9));
      break;
    case 5: lua_len(L, place); break;
    case 6: lua_pushboolean(L, lua_compare(L, place, any_place(w), (int)next_below(3))); break;
    case 7: luaL_tolstring(L, place, NULL); break;
    default: if (!luaL_getmetafield(L, place, any_name())) luaL_callmeta(L, place, any_name()); break;
  }
}

static void use_metatable(Window *w) {
  lua_State *L = w->L;
  int place = lua_absindex(L, any_place(w));
  if (place > 0 && (lua_istable(L, place) || lua_type(L, place) == LUA_TUSERDATA) && has(w, 1) && next_below(2) &&
      (lua_istable(L, -1) || lua_isnil(L, -1))) {
    lua_setmetatable(L, place);
  } else if (next_below(4) == 0) {
    luaL_newmetatable(L, any_name());
  } else if (place != LUA_REGISTRYINDEX) {
    lua_getmetatable(L, place);
  }
}

static void use_userdata(Window *w) {
  lua_State *L = w->L;
  int place = place_of(w, LUA_TUSERDATA);
  if (place == 0) return;
  memset(lua_touserdata(L, place), (int)next(), lua_rawlen(L, place));
  if (has(w, 1) && next_below(2))
    lua_setiuservalue(L, place, (int)next_below(5));
  else
    lua_getiuservalue(L, place, (int)next_below(5));
  luaL_testudata(L, place, any_name());
}

static void use_references(Window *w) {
  lua_State *L = w->L;
  int *reference = &script.references[next_below(MOST_REFERENCES)];
  if (*reference != 0) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, *reference);
    luaL_unref(L, LUA_REGISTRYINDEX, *reference);
    *reference = 0;
  } else if (has(w, 1) && !lua_isnil(L, -1)) {
    *reference = luaL_ref(L, LUA_REGISTRYINDEX);
  }
}

/* --- strings */

static size_t bytes_of(Window *w, int count) {
  size_t sum = 0;
  for (int i = 1; i <= count; i++)
    if (lua_type(w->L, -i) == LUA_TSTRING) sum += lua_rawlen(w->L, -i);
  return sum;
}

static void build(Window *w) {
  lua_State *L = w->L;
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (unsigned pieces = next_below(6); pieces > 0; pieces--) {
    size_t size = next_below(8) == 0 ? 1500 : next_below(100);
    switch (next_below(5)) {
      case 0: luaL_addstring(&b, any_name()); break;
      case 1: luaL_addchar(&b, 'c'); break;
      case 2: memset(luaL_prepbuffsize(&b, size), 'p', size); luaL_addsize(&b, size); break;
      case 3: lua_pushfstring(L, "%d", (int)size); luaL_addvalue(&b); break;
      default: luaL_addgsub(&b, "a.b.c", ".", any_name()); break;
    }
  }
  luaL_pushresult(&b);
}

static void use_strings(Window *w) {
  lua_State *L = w->L;
  int count = (int)next_below(4);
  switch (next_below(5)) {
    case 0: if (has(w, count) && bytes_of(w, count) < MOST_BYTES) lua_concat(L, count); break;
    case 1: build(w); break;
    case 2: lua_stringtonumber(L, next_below(2) ? "0x10p1" : "12"); break;
    case 3: luaL_traceback(L, L, next_below(2) ? "message" : NULL, (int)next_below(3)); break;
    default: if (has(w, 2)) lua_arith(L, (int)next_below(LUA_OPUNM)); break;
  }
}

/* --- calls */

static int any_results(void) { return (int)next_below(4) - 1; }

/* Errors leave C functions without a word: `depth` is what it was before. */
static void call(Window *w) {
  lua_State *L = w->L;
  int arguments = (int)next_below(3), results = any_results(), depth = script.depth;
  if (!has(w, arguments + 1)) return;
  switch (next_below(w->is_hook ? 2 : 4)) {
    case 0: lua_call(L, arguments, results); break;
    case 1: lua_pcall(L, arguments, results, 0); break;
    case 2: lua_callk(L, arguments, results, (lua_KContext)w->fixed, step_on); break;
    default: lua_pcallk(L, arguments, results, 0, (lua_KContext)w->fixed, step_on); break;
  }
  script.depth = depth;
}

/* A function that has been dumped, to be read in pieces. */
static struct {
  char bytes[1 << 16];
  size_t length, read;
} dumped;

static int write_dumped(lua_State *L, const void *bytes, size_t length, void *unused) {
  (void)L, (void)unused;
  if (length > sizeof dumped.bytes - dumped.length) return 1;
  memcpy(dumped.bytes + dumped.length, bytes, length);
  dumped.length += length;
  return 0;
}

static const char *read_dumped(lua_State *L, void *unused, size_t *size) {
  (void)L, (void)unused;
  const char *piece = dumped.bytes + dumped.read;
  *size = dumped.length - dumped.read;
  if (*size > 100) *size = 100;
  dumped.read += *size;
  return piece;
}

static void dump_and_load(Window *w) {
  lua_State *L = w->L;
  int place = place_of(w, LUA_TFUNCTION);
  if (place == 0 || lua_iscfunction(L, place)) return;
  dumped.length = dumped.read = 0;
  lua_pushvalue(L, place);
  int status = lua_dump(L, write_dumped, NULL, (int)next_below(2));
  lua_pop(L, 1);
  if (status != 0) return;
  if (next_below(8) == 0 && dumped.length > 0) dumped.bytes[next() % dumped.length] ^= (char)(1 << next_below(8));
  lua_load(L, read_dumped, NULL, "=dumped", "b");
}

/* Whether a thread can be worked on: it is not running, and waits for nobody. */
static bool is_idle(lua_State *L, lua_State *thread) {
  lua_Debug record;
  if (thread == NULL || thread == L || thread == thread_state(state_thread(L)->vm->main)) return false;
  return lua_status(thread) != LUA_OK || lua_getstack(thread, 0, &record) == 0;
}

static void resume(lua_State *L, lua_State *thread, int arguments) {
  int results, depth = script.depth;
  int there = lua_gettop(thread) - (lua_status(thread) == LUA_OK);
  if (arguments > there) arguments = there > 0 ? there : 0;
  int status = lua_resume(thread, L, arguments, &results);
  if (status != LUA_OK && status != LUA_YIELD) results = 1;
  lua_xmove(thread, L, results < 5 ? results : 5);
  script.depth = depth;
}

static void use_thread(Window *w) {
  lua_State *L = w->L;
  int place = place_of(w, LUA_TTHREAD), count = (int)next_below(3);
  lua_State *thread = place != 0 ? lua_tothread(L, place) : NULL;
  if (!is_idle(L, thread) || !lua_checkstack(thread, 10)) return;
  bool has_failed = lua_status(thread) != LUA_OK && lua_status(thread) != LUA_YIELD;
  switch (next_below(has_failed ? 3 : 7)) {
    case 0: lua_closethread(thread, L); break;
    case 1: luaL_traceback(L, thread, NULL, 0); break;
    case 2: lua_pushboolean(L, lua_isyieldable(thread) + lua_status(thread)); break;
    case 3: case 4:
      if (has(w, count) && lua_gettop(thread) < MOST_SLOTS) lua_xmove(L, thread, count);
      break;
    default:
      if (script.depth < MOST_DEPTH) resume(L, thread, count);
      break;
  }
}

/* --- the rest */

static void use_locals(lua_State *L) {
  lua_Debug record;
  memset(&record, 0, sizeof record);
  if (!lua_getstack(L, (int)next_below(4), &record)) return;
  lua_getinfo(L, "nSltufrL", &record);
  int n = 1 + (int)next_below(3);
  const char *name = lua_getlocal(L, &record, n);
  if (name == NULL || *name == '(' || next_below(4) != 0) return; /* that may be a loop's */
  lua_pushinteger(L, (lua_Integer)next());
  lua_setlocal(L, &record, n);
}

static void use_upvalues(Window *w, int function) {
  lua_State *L = w->L;
  int n = 1 + (int)next_below(3);
  lua_Debug record;
  lua_pushvalue(L, function);
  lua_getinfo(L, ">Su", &record);
  lua_upvalueid(L, function, n);
  if (next_below(2))
    lua_getupvalue(L, function, n);
  else if (n <= record.nups && has(w, 1))
    lua_setupvalue(L, function, n);
  else if (record.nups > 1 && !lua_iscfunction(L, function))
    lua_upvaluejoin(L, function, 1, function, 2);
}

static void use_debug(Window *w) {
  int function = place_of(w, LUA_TFUNCTION);
  if (function != 0 && next_below(2))
    use_upvalues(w, function);
  else
    use_locals(w->L);
}

static int run_in(Window *w);

static void on_event(lua_State *L, lua_Debug *record) {
  if (script.depth >= MOST_DEPTH || script.at == script.end) return;
  lua_getinfo(L, "nSl", record);
  if (next_below(6) == 0 && (record->event == LUA_HOOKCOUNT || record->event == LUA_HOOKLINE) && lua_isyieldable(L)) {
    script.hook_has_yielded = true;
    lua_yield(L, 0);
    return;
  }
  Window w = {L, 0, true};
  run_in(&w);
  lua_settop(L, 0);
}

static void use_collector(lua_State *L) {
  switch (next_below(8)) {
    case 0: lua_gc(L, LUA_GCCOLLECT); break;
    case 1: lua_gc(L, LUA_GCSTEP, (int)next()); break;
    case 2: lua_gc(L, next_below(2) ? LUA_GCSTOP : LUA_GCRESTART); break;
    case 3: lua_gc(L, LUA_GCGEN, 0, 0); break;
    case 4: lua_gc(L, LUA_GCINC, 0, 0, 0); break;
    case 5: lua_sethook(L, on_event, (int)next_below(16), 1 + (int)next_below(5)); break;
    case 6: lua_sethook(L, NULL, 0, 0); break;
    default: lua_warning(L, any_name(), (int)next_below(2)); break;
  }
}

static void close_something(Window *w) {
  lua_State *L = w->L;
  int top = lua_gettop(L);
  if (w->fixed > 0 && next_below(3) == 0) {
    lua_settop(L, 0); /* closes all */
    w->fixed = 0;
  } else if (has(w, 1)) {
    lua_toclose(L, next_below(2) ? top : -1);
    w->fixed = top;
  }
}

/* Runs calls of the script until it says that the function returns: the number of results. */
static int run(Window *w) {
  lua_State *L = w->L;
  while (script.at < script.end) {
    if (!lua_checkstack(L, 20)) return 0;
    if (lua_gettop(L) > MOST_SLOTS && w->fixed < KEPT_SLOTS) lua_settop(L, KEPT_SLOTS);
    if (lua_gettop(L) > 4 * MOST_SLOTS) return 0;
    switch (next_below(32)) {
      case 0: case 1: case 2: case 3: case 4: case 5: case 6: push_any(w); break;
      case 7: case 8: move_values(w); break;
      case 9: look(w); break;
      case 10: case 11: case 12: use_table(w); break;
      case 13: case 14: use_value(w); break;
      case 15: case 16: use_metatable(w); break;
      case 17: use_userdata(w); break;
      case 18: use_references(w); break;
      case 19: case 20: use_strings(w); break;
      case 21: case 22: case 23: call(w); break;
      case 24: dump_and_load(w); break;
      case 25: case 26: use_thread(w); break;
      case 27: use_debug(w); break;
      case 28: use_collector(L); break;
      case 29: close_something(w); break;
      case 30:
        if (!w->is_hook && lua_isyieldable(L) && has(w, 2))
          return next_below(2) ? lua_yield(L, 2) : lua_yieldk(L, 1, (lua_KContext)w->fixed, step_on);
        break;
      default:
        if (next_below(4) == 0 && has(w, 1)) return lua_error(L);
        return has(w, 3) ? (int)next_below(4) : 0;
    }
  }
  return 0;
}

static int run_in(Window *w) {
  if (script.depth >= MOST_DEPTH) return 0;
  script.depth++;
  int results = run(w);
  script.depth--;
  return results;
}

static int step(lua_State *L) {
  Window w = {L, 0, false};
  return run_in(&w);
}

static int step_on(lua_State *L, int status, lua_KContext context) {
  Window w = {L, (int)context, false};
  lua_pushinteger(L, status);
  return run_in(&w);
}

static const luaL_Reg libraries[] = {{LUA_GNAME, luaopen_base},
                                     {LUA_COLIBNAME, luaopen_coroutine},
                                     {LUA_TABLIBNAME, luaopen_table},
                                     {LUA_STRLIBNAME, luaopen_string},
                                     {NULL, NULL}};

static int begin(lua_State *L) {
  if (luaL_loadbufferx(L, functions.bytes, functions.length, "=functions", "b") != LUA_OK) return lua_error(L);
  for (const luaL_Reg *library = libraries; library->name != NULL; library++) {
    luaL_requiref(L, library->name, library->func, 1);
    lua_pop(L, 1);
  }
  lua_call(L, 0, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, "functions");
  return 0;
}

static void compare_counts(const VM *vm) {
  const Functions *known = &vm->profiler->functions;
  for (uint32_t i = 0; i < known->count; i++) {
    const ProtoCounts *c = known->array[i];
    uint64_t *counts = calloc(c->word_count + 1, sizeof *counts);
    if (counts == NULL) abort();
    profiler_derive(c, counts);
    if (memcmp(counts, c->every, c->word_count * sizeof *counts) != 0) {
      fprintf(stderr, "function %u: derived counts are not those of the oracle\n", c->id);
      abort();
    }
    free(counts);
  }
}

int LLVMFuzzerInitialize(int *count, char ***arguments) {
  (void)count, (void)arguments;
  const char *path = getenv("FUZZ_FUNCTIONS");
  FILE *file = path != NULL ? fopen(path, "rb") : NULL;
  if (file == NULL) {
    fprintf(stderr, "FUZZ_FUNCTIONS names no chunk\n");
    exit(2);
  }
  functions.bytes = malloc(1 << 20);
  if (functions.bytes == NULL) abort();
  functions.length = fread(functions.bytes, 1, 1 << 20, file);
  fclose(file);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  lua_State *L = luaL_newstate();
  if (L == NULL) abort();
  VM *vm = state_thread(L)->vm;
  memset(&script, 0, sizeof script);
  static const enum Mode modes[4] = {MODE_OFF, MODE_ORACLE, MODE_COUNT, MODE_SAMPLE};
  enum Mode mode = modes[data[0] & 3];
  if (mode != MODE_OFF && profiler_start(vm, mode, SAMPLER_THREAD, MIN_INTERVAL_NS) != PROFILER_STARTED) abort();
  vm->gc->complete = false; /* no emergencies before the script: there are many */
  lua_pushcfunction(L, begin);
  if (lua_pcall(L, 0, 0, 0) != LUA_OK) abort();
  vm->gc->complete = true;
  script.at = data + 1;
  script.end = data + size;
  while (script.at < script.end) {
    lua_settop(L, 0);
    script.depth = 0;
    lua_pushcfunction(L, step);
    lua_pcall(L, 0, 0, 0);
  }
  lua_sethook(L, NULL, 0, 0);
  lua_settop(L, 0);
  if (mode == MODE_ORACLE) {
    profiler_stop(vm);
    if (!script.hook_has_yielded) compare_counts(vm);
  }
  lua_close(L);
  return 0;
}
