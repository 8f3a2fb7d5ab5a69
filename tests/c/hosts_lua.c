/* A host of Lua for tests: states in two threads at once, in one thread after another, closed before the end or never, and
   in the child of a fork. Linked with liblua5.4.so.0, whose functions it declares itself. */
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct lua_State lua_State;
lua_State *luaL_newstate(void);
void luaL_openlibs(lua_State *L);
void lua_close(lua_State *L);
int luaL_loadfilex(lua_State *L, const char *name, const char *mode);
int lua_pcallk(lua_State *L, int arguments, int results, int handler, ptrdiff_t context, void *continuation);
const char *lua_tolstring(lua_State *L, int index, size_t *length);

static void run(lua_State *L, const char *file) {
  if (luaL_loadfilex(L, file, NULL) != 0 || lua_pcallk(L, 0, 0, 0, 0, NULL) != 0) {
    fprintf(stderr, "%s\n", lua_tolstring(L, -1, NULL));
    exit(1);
  }
}

static lua_State *open_state(void) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  return L;
}

static void *run_in_thread(void *file) {
  lua_State *L = open_state();
  run(L, file);
  lua_close(L);
  return NULL;
}

static void *run_state_of_another(void *state) {
  run(state, "moved.lua");
  return NULL;
}

int main(void) {
  pthread_t one, other;
  lua_State *first = open_state();
  run(first, "first.lua");
  pthread_create(&one, NULL, run_in_thread, "one.lua");
  pthread_create(&other, NULL, run_in_thread, "other.lua");
  pthread_join(one, NULL);
  pthread_join(other, NULL);
  pthread_create(&one, NULL, run_state_of_another, first);
  pthread_join(one, NULL);
  lua_close(first);
  for (int i = 0; i < 200; i++) lua_close(open_state());
  lua_State *kept = open_state();
  pid_t child = fork();
  if (child == 0) {
    run(kept, "child.lua");
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  run(kept, "last.lua");
  return status == 0 ? 0 : 1;
}
