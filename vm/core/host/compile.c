/* Texts become chunks: those of the user's cache, or by asking the server. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache.h"
#include "server.h"

/* What the server answers before the bytes, which are a chunk or a message. */
typedef struct Answer {
  char status; /* 'K': compiled, 'E': refused, 'M': not enough memory */
  uint32_t text_number;
  uint64_t length;
} Answer;

static bool send_part(int connection, const char *part, uint64_t length) {
  return server_send(connection, &length, sizeof length) && server_send(connection, part, length);
}

static bool ask(int connection, const Compilation *compilation) {
  uint64_t begin = compilation->begin;
  char folder[PATH_MAX]; /* which names of files start from, and is not the server's */
  if (getcwd(folder, sizeof folder) == NULL) folder[0] = '\0';
  return server_send(connection, &begin, sizeof begin) &&
         send_part(connection, compilation->chunkname, strlen(compilation->chunkname)) &&
         send_part(connection, folder, strlen(folder)) &&
         send_part(connection, compilation->text, compilation->length);
}

static bool receive(int connection, Compilation *compilation) {
  Answer answer;
  if (!server_receive(connection, &answer.status, sizeof answer.status) ||
      !server_receive(connection, &answer.text_number, sizeof answer.text_number) ||
      !server_receive(connection, &answer.length, sizeof answer.length))
    return false;
  compilation->out_of_memory = answer.status == 'M';
  char *bytes = malloc(answer.length + 1);
  if (bytes == NULL) {
    compilation->out_of_memory = true;
    return true;
  }
  bytes[answer.length] = '\0';
  if (!server_receive(connection, bytes, answer.length)) {
    free(bytes);
    return false;
  }
  if (answer.status == 'K') {
    compilation->chunk = (uint8_t *)bytes;
    compilation->chunk_length = answer.length;
    compilation->text_number = answer.text_number;
  } else {
    compilation->message = bytes;
  }
  return true;
}

/* By what the server knows the text, which profiles tell it; 0 if it has gone. */
static uint32_t number_of(const Compilation *compilation) {
  uint32_t number = 0;
  int connection = server_connect(REQUEST_NUMBER);
  if (connection < 0) return 0;
  if (!ask(connection, compilation) || !server_receive(connection, &number, sizeof number)) number = 0;
  close(connection);
  return number;
}

void server_compile(void *context, Compilation *compilation) {
  (void)context;
  if (cache_find(compilation)) {
    compilation->text_number = number_of(compilation);
    return;
  }
  int connection = server_connect(REQUEST_COMPILE);
  bool is_answered = connection >= 0 && ask(connection, compilation) && receive(connection, compilation);
  if (connection >= 0) close(connection);
  if (!is_answered) compilation->message = strdup("the compiler cannot be reached: is this run by perilune host?");
}
