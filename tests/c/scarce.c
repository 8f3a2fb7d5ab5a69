/* A host whose memory runs out: at every one of its allocator's calls in turn, or at many of very many, once or for good.

   scarce CHUNK: runs the binary chunk so in a new state each time, and prints how many ways there were. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lauxlib.h"
#include "lualib.h"

#define MOST_WAYS 300 /* of each kind */

typedef struct Memory {
  long calls; /* for more memory, so far */
  long fails; /* the number of the call that gets none; 0: all get it, */
  int for_good; /* and whether those after it get none either */
  size_t bytes;
} Memory;

static const char *path;

static void *allocate(void *context, void *block, size_t old_size, size_t size) {
  Memory *memory = context;
  if (block == NULL) old_size = 0;
  if (size == 0) {
    memory->bytes -= old_size;
    free(block);
    return NULL;
  }
  if (size > old_size && ++memory->calls >= memory->fails && memory->fails > 0 &&
      (memory->for_good || memory->calls == memory->fails))
    return NULL;
  void *moved = realloc(block, size);
  if (moved != NULL) memory->bytes += size - old_size;
  return moved;
}

static int body(lua_State *L) {
  luaL_openlibs(L);
  if (luaL_loadfilex(L, path, "b") != LUA_OK) return lua_error(L);
  lua_call(L, 0, 0);
  return 0;
}

/* LUA_OK or LUA_ERRMEM, as it ought to be; the process ends with what ought not to be. */
static int run(Memory *memory) {
  lua_State *L = lua_newstate(allocate, memory);
  int status = LUA_ERRMEM;
  if (L != NULL) {
    long fails = memory->fails;
    memory->fails = 0; /* pushing a function allocates here, unlike in the reference, and nothing catches its error */
    lua_pushcfunction(L, body);
    memory->fails = fails;
    status = lua_pcall(L, 0, 0, 0);
    const char *message = status != LUA_OK ? lua_tostring(L, -1) : NULL;
    if (status != LUA_OK && (status != LUA_ERRMEM || strcmp(message, "not enough memory") != 0)) {
      printf("call %ld: %d, %s\n", memory->fails, status, message);
      exit(1);
    }
    lua_close(L);
  }
  if (memory->bytes != 0 || (status != LUA_OK && L != NULL && !memory->for_good)) {
    printf("call %ld: status %d, %zu bytes left\n", memory->fails, status, memory->bytes);
    exit(1);
  }
  return status;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  path = argv[1];
  Memory whole = {0, 0, 0, 0};
  if (run(&whole) != LUA_OK) return 1;
  for (int for_good = 0; for_good <= 1; for_good++)
    for (long fails = 1; fails <= whole.calls; fails += 1 + whole.calls / MOST_WAYS) {
      Memory memory = {0, fails, for_good, 0};
      run(&memory);
    }
  printf("%ld calls\n", whole.calls);
  return 0;
}
