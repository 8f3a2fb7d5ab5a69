/* A C module whose functions wait in system calls that a signal would interrupt. Each returns what the call returned and
   how many milliseconds passed. */
#include <errno.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lauxlib.h"
#include "lua.h"

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static int answer(lua_State *L, long result, double begun) {
  lua_pushinteger(L, result);
  lua_pushnumber(L, now_ms() - begun);
  return 2;
}

static int sleep_ms(lua_State *L) {
  double begun = now_ms();
  lua_Integer ms = luaL_checkinteger(L, 1);
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  return answer(L, nanosleep(&time, NULL), begun);
}

static int poll_ms(lua_State *L) {
  double begun = now_ms();
  return answer(L, poll(NULL, 0, (int)luaL_checkinteger(L, 1)), begun);
}

static int select_ms(lua_State *L) {
  double begun = now_ms();
  struct timeval time = {0, luaL_checkinteger(L, 1) * 1000};
  return answer(L, select(0, NULL, NULL, NULL, &time), begun);
}

static int receive_ms(lua_State *L) { /* from a socket that nothing comes to; 0: the time was over */
  double begun = now_ms();
  struct timeval time = {0, luaL_checkinteger(L, 1) * 1000};
  int ends[2];
  char byte;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return luaL_error(L, "no sockets");
  setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  long result = recv(ends[0], &byte, 1, 0);
  if (result < 0 && errno == EAGAIN) result = 0;
  close(ends[0]);
  close(ends[1]);
  return answer(L, result, begun);
}

static int call_and_sleep(lua_State *L) { /* calls its argument between two waits */
  lua_settop(L, 1);
  struct timespec time = {0, 20000000};
  double begun = now_ms();
  int result = nanosleep(&time, NULL);
  lua_pushvalue(L, 1);
  if (lua_pcall(L, 0, 0, 0) != LUA_OK) lua_pop(L, 1);
  result += nanosleep(&time, NULL);
  lua_State *thread = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, thread, 1);
  int results;
  lua_resume(thread, L, 0, &results);
  result += nanosleep(&time, NULL);
  return answer(L, result, begun);
}

static int quick(lua_State *L) {
  lua_pushinteger(L, luaL_checkinteger(L, 1) + 1);
  return 1;
}

/* What sleeps in a hook, or while a chunk is read, that a signal has cut short. */
static int interrupted;

static void nap(void) {
  struct timespec time = {0, 10000000};
  if (nanosleep(&time, NULL) != 0) interrupted++;
}

static void on_event(lua_State *L, lua_Debug *record) {
  (void)L, (void)record;
  nap();
}

static int call_with_hook(lua_State *L) { /* that sleeps at every line */
  interrupted = 0;
  lua_sethook(L, on_event, LUA_MASKLINE, 0);
  lua_call(L, 0, 0);
  lua_sethook(L, NULL, 0, 0);
  lua_pushinteger(L, interrupted);
  return 1;
}

static const char *read_piece(lua_State *L, void *data, size_t *size) {
  (void)L;
  const char **text = data;
  nap();
  *size = **text != '\0';
  return (*text)++;
}

static int load_slowly(lua_State *L) {
  const char *text = luaL_checkstring(L, 1);
  interrupted = 0;
  if (lua_load(L, read_piece, &text, "=slow", "t") != LUA_OK) return lua_error(L);
  lua_pushinteger(L, interrupted);
  return 1;
}

LUAMOD_API int luaopen_waits(lua_State *L);
int luaopen_waits(lua_State *L) {
  static const luaL_Reg functions[] = {{"sleep", sleep_ms},     {"poll", poll_ms},
                                       {"select", select_ms},   {"receive", receive_ms},
                                       {"call_and_sleep", call_and_sleep}, {"quick", quick},
                                       {"call_with_hook", call_with_hook}, {"load_slowly", load_slowly},
                                       {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
