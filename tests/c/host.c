/* A program that links Lua as a shared library: what hosts do that C modules cannot.

   host WHAT FILE: runs the Lua file, in a way that WHAT says. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lauxlib.h"
#include "lualib.h"

#define THREADS 3

static const char *file;

static int end_now(lua_State *L) {
  const char *how = luaL_checkstring(L, 1);
  if (strcmp(how, "crash") == 0) *(volatile int *)0 = 1;
  if (strcmp(how, "abort") == 0) abort();
  if (strcmp(how, "exit") == 0) exit(3);
  kill(getpid(), strcmp(how, "kill") == 0 ? SIGKILL : SIGTERM);
  return 0;
}

static lua_State *open_state(void) {
  lua_State *L = luaL_newstate();
  if (L == NULL) exit(9);
  luaL_openlibs(L);
  lua_register(L, "end_now", end_now);
  return L;
}

static int run(lua_State *L, const char *argument) {
  if (luaL_loadfile(L, file) != LUA_OK) goto failed;
  lua_pushstring(L, argument);
  if (lua_pcall(L, 1, 0, 0) == LUA_OK) return 0;
failed:
  fprintf(stderr, "host: %s\n", lua_tostring(L, -1));
  lua_pop(L, 1);
  return 1;
}

static void *run_in_thread(void *argument) {
  lua_State *L = open_state();
  run(L, argument);
  lua_close(L);
  return NULL;
}

static int run_in_threads(void) {
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, run_in_thread, "thread");
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  return 0;
}

/* One state, which a parent and its child go on using. */
static int run_forked(void) {
  lua_State *L = open_state();
  int failed = run(L, "before");
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    failed |= run(L, "child");
    lua_close(L);
    exit(failed);
  }
  int status;
  waitpid(child, &status, 0);
  failed |= status != 0 || run(L, "parent");
  lua_close(L);
  return failed;
}

/* Children that are no business of the host's would be found here, and signals that are not. */
static volatile sig_atomic_t alarms, children;
static void on_alarm(int number) { (void)number, alarms++; }
static void on_child(int number) { (void)number, children++; }

static int run_between_sleeps(void) {
  signal(SIGALRM, on_alarm);
  signal(SIGCHLD, on_child);
  signal(SIGPROF, on_alarm);
  lua_State *L = open_state();
  int failed = 0;
  for (int i = 0; i < 3; i++) {
    failed |= run(L, "piece");
    struct timespec pause = {0, 600000000};
    if (nanosleep(&pause, NULL) != 0) printf("a sleep was interrupted\n");
  }
  struct sigaction present;
  sigaction(SIGPROF, NULL, &present);
  if (present.sa_handler != on_alarm) printf("the handler is another one\n");
  if (waitpid(-1, NULL, WNOHANG) >= 0 || alarms > 0 || children > 0) printf("there are children, or signals\n");
  lua_close(L);
  return failed;
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  const char *what = arguments[1];
  file = arguments[2];
  if (strcmp(what, "threads") == 0) return run_in_threads();
  if (strcmp(what, "fork") == 0) return run_forked();
  if (strcmp(what, "pieces") == 0) return run_between_sleeps();
  lua_State *L = open_state();
  int failed = run(L, what);
  if (strcmp(what, "open") != 0) lua_close(L); /* else the end of the process finds it open */
  return failed;
}
