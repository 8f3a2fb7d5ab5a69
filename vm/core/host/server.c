/* Requests to the server that has started this process. */
#define _GNU_SOURCE
#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NAME_SIZE 64
#define TOKEN_SIZE 33
#define PATIENCE_SECONDS 30 /* until a server that does not read is given up */

static struct {
  char name[NAME_SIZE]; /* of a socket that is no file; empty: there is no server */
  char token[TOKEN_SIZE];
} server;

static enum Mode mode_of(const char *name) {
  static const char *const names[] = {"off", "count", "sample", "trace", "oracle"};
  for (int mode = MODE_COUNT; mode < MODE_COUNT_MODES; mode++)
    if (strcmp(names[mode], name) == 0) return (enum Mode)mode;
  return MODE_OFF;
}

Wishes server_know(void) {
  Wishes wishes = {MODE_OFF, BEST_INTERVAL};
  const char *value = getenv(SERVER_VARIABLE);
  char mode[8];
  unsigned long long interval_ns;
  if (value == NULL || sscanf(value, "%63s %32s %7s %llu", server.name, server.token, mode, &interval_ns) != 4) {
    server.name[0] = '\0';
    return wishes;
  }
  wishes.mode = mode_of(mode);
  wishes.interval_ns = interval_ns;
  return wishes;
}

bool server_send(int connection, const void *bytes, size_t length) {
  for (const char *at = bytes; length > 0;) {
    ssize_t sent = send(connection, at, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    at += sent;
    length -= (size_t)sent;
  }
  return true;
}

bool server_receive(int connection, void *bytes, size_t length) {
  for (char *at = bytes; length > 0;) {
    ssize_t got = recv(connection, at, length, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    length -= (size_t)got;
  }
  return true;
}

/* A call that a signal interrupts has connected nevertheless, or has not: so it is made anew. */
static int connect_once(const struct sockaddr_un *address, socklen_t length) {
  int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) return -1;
  struct timeval patience = {PATIENCE_SECONDS, 0};
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(connection, (const struct sockaddr *)address, length) == 0) return connection;
  int error = errno;
  close(connection);
  errno = error;
  return -1;
}

int server_connect(enum RequestKind kind) {
  if (server.name[0] == '\0') return -1;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path + 1, server.name, strlen(server.name)); /* behind a zero: no file */
  socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(server.name));
  int connection;
  do connection = connect_once(&address, length);
  while (connection < 0 && errno == EINTR);
  char letter = (char)kind;
  if (connection < 0 ||
      (server_send(connection, server.token, TOKEN_SIZE - 1) && server_send(connection, &letter, 1)))
    return connection;
  close(connection);
  return -1;
}
