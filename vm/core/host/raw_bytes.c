/* Raw figures as bytes. Nothing is allocated here: the process may be one that has crashed. */
#include "raw_bytes.h"

#include <string.h>

#include "server.h"

static void flush(ByteSink *self) {
  if (!self->sink.failed) self->sink.failed = !server_send(self->connection, self->buffer, self->used);
  self->used = 0;
}

static void put(RawSink *sink, const void *bytes, size_t length) {
  ByteSink *self = (ByteSink *)sink;
  for (const char *at = bytes; length > 0;) {
    if (self->used == RAW_BUFFER) flush(self);
    size_t room = RAW_BUFFER - self->used, part = length < room ? length : room;
    memcpy(self->buffer + self->used, at, part);
    self->used += part;
    at += part;
    length -= part;
  }
}

static void put_letter(RawSink *sink, char letter) { put(sink, &letter, 1); }

static void put_long(RawSink *sink, char letter, const void *bytes, size_t length) {
  uint64_t n = length;
  put_letter(sink, letter);
  put(sink, &n, sizeof n);
  put(sink, bytes, length);
}

static void begin(RawSink *sink, enum RawShape shape) {
  static const char letters[] = {[RAW_MAP] = 'm', [RAW_LIST] = 'l', [RAW_ROW] = 'r'};
  put_letter(sink, letters[shape]);
}

static void end(RawSink *sink) { put_letter(sink, 'e'); }
static void none(RawSink *sink) { put_letter(sink, 'n'); }

static void natural(RawSink *sink, uint64_t n) {
  put_letter(sink, 'u');
  put(sink, &n, sizeof n);
}

static void integer(RawSink *sink, int64_t n) {
  put_letter(sink, 'i');
  put(sink, &n, sizeof n);
}

static void real(RawSink *sink, double x) {
  put_letter(sink, 'd');
  put(sink, &x, sizeof x);
}

static void text(RawSink *sink, const char *of) { put_long(sink, 't', of, strlen(of)); }
static void bytes(RawSink *sink, const void *of, size_t length) { put_long(sink, 'b', of, length); }

void raw_bytes_begin(ByteSink *sink, int connection) {
  sink->sink = (RawSink){begin, end, none, natural, integer, real, text, bytes, false};
  sink->connection = connection;
  sink->used = 0;
}

bool raw_bytes_end(ByteSink *sink) {
  flush(sink);
  char taken;
  return !sink->sink.failed && server_receive(sink->connection, &taken, 1);
}
