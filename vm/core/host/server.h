/* What has started this process: the server that compiles texts for it and takes its profiles (host_server.py). Every request
   has a connection of its own, so that nothing is open between: a host may close all its files, fork, and change its root. */
#ifndef PERILUNE_HOST_SERVER_H
#define PERILUNE_HOST_SERVER_H

#include "objects/vm.h"
#include "profiler/sampler.h"

/* What the server wants of this process, as its environment says it: SERVER_VARIABLE. */
typedef struct Wishes {
  enum Mode mode; /* MODE_OFF: no profile, or there is no server */
  uint64_t interval_ns;
} Wishes;

#define SERVER_VARIABLE "PERILUNE_HOST"

enum RequestKind { REQUEST_COMPILE = 'C', REQUEST_NUMBER = 'N', REQUEST_PROFILE = 'P' };

/* Reads the environment, which a host may empty later. */
Wishes server_know(void);
/* A connection for one request; -1 if there is no server, or none that answers. */
int server_connect(enum RequestKind kind);
/* All of it; false when the server has gone. */
bool server_send(int connection, const void *bytes, size_t length);
bool server_receive(int connection, void *bytes, size_t length);

/* The callback of machines: the server compiles what the user's cache does not have. */
void server_compile(void *context, Compilation *compilation);

#endif
