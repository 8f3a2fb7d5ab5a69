/* A host in C: runs a compiled Lua file and writes how many instructions each of its lines took.

   embed CHUNK PROFILE */
#include <inttypes.h>
#include <stdlib.h>

#include "capi/include/lauxlib.h"
#include "capi/include/lualib.h"
#include "profiler/profiler.h"

static void write_function(FILE *out, const ProtoCounts *c) {
  uint64_t *counts = calloc(c->word_count, sizeof *counts), sum = 0;
  if (counts == NULL || c->lines == NULL || c->source == NULL) abort();
  profiler_derive(c, counts);
  for (uint32_t word = 0; word < c->word_count; word++) {
    sum += counts[word];
    if (word + 1 < c->word_count && c->lines[word + 1] == c->lines[word]) continue;
    if (sum > 0) fprintf(out, "%s:%" PRIu32 "\t%" PRIu64 "\n", c->source->text + 1, c->lines[word], sum);
    sum = 0;
  }
  free(counts);
}

int main(int count, char **arguments) {
  lua_State *L = luaL_newstate();
  if (L == NULL || count != 3) return 2;
  VM *vm = state_thread(L)->vm;
  luaL_openlibs(L);
  if (profiler_start(vm, MODE_COUNT, SAMPLER_BEST, BEST_INTERVAL) != PROFILER_STARTED) return 2;
  int status = luaL_loadfile(L, arguments[1]);
  profiler_enter(vm);
  if (status == LUA_OK) status = lua_pcall(L, 0, 0, 0);
  profiler_leave(vm);
  if (status != LUA_OK) fprintf(stderr, "embed: %s\n", lua_tostring(L, -1));
  profiler_stop(vm);
  FILE *out = fopen(arguments[2], "w");
  if (out == NULL) return 2;
  for (uint32_t i = 0; i < vm->profiler->functions.count; i++) write_function(out, vm->profiler->functions.array[i]);
  fclose(out);
  lua_close(L);
  return status != LUA_OK;
}
