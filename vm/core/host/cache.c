/* The user's cache of compiled texts, as compiler/cache.py writes it: an entry holds what it was made from, and behind that
   the chunk with its length and a checksum. */
#define _GNU_SOURCE
#include "cache.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


#define NUMBER_SIZE 8 /* of the length before a chunk, and of the checksum of both behind it */
#define MAX_ENTRY (64 << 20)

/* As the environment says: the folder, a line's end, and what every entry of this compiler begins with. */
static const char *known;

void cache_know(void) {
  const char *value = getenv(CACHE_VARIABLE);
  if (value != NULL && strchr(value, '\n') != NULL) known = strdup(value);
}

static uint32_t checksum(const char *bytes, size_t length) { /* zlib's crc32 */
  static const uint32_t of_half[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                       0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
  uint32_t sum = 0xffffffff;
  for (size_t i = 0; i < length; i++) {
    sum ^= (uint8_t)bytes[i];
    sum = sum >> 4 ^ of_half[sum & 15];
    sum = sum >> 4 ^ of_half[sum & 15];
  }
  return ~sum;
}

/* What an entry of the text begins with, malloc'ed. NULL without the memory. */
static char *header_of(const Compilation *c, size_t *length) {
  const char *mark = strchr(known, '\n') + 1, *text = c->text + c->begin;
  size_t text_length = c->length - c->begin, mark_length = strlen(mark), name_length = strlen(c->chunkname);
  char *header = malloc(mark_length + name_length + text_length + 40);
  if (header == NULL) return NULL;
  size_t at = (size_t)sprintf(header, "%s%c0%c%s%c%zu", mark, 0, 0, c->chunkname, 0, text_length) + 1;
  memcpy(header + at, text, text_length);
  header[at + text_length] = '\0';
  *length = at + text_length + 1;
  return header;
}

/* The whole file, malloc'ed; NULL if it cannot be read. */
static char *read_entry(const char *path, size_t *length) {
  int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return NULL; /* a pipe in the folder would never answer without O_NONBLOCK */
  struct stat status;
  char *bytes = NULL;
  if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= MAX_ENTRY) {
    *length = (size_t)status.st_size;
    bytes = malloc(*length + 1);
    size_t got = 0;
    ssize_t more = 1;
    while (bytes != NULL && got < *length && more > 0) {
      more = read(file, bytes + got, *length - got);
      if (more > 0) got += (size_t)more;
    }
    if (got < *length) {
      free(bytes);
      bytes = NULL;
    }
  }
  close(file);
  return bytes;
}

static uint64_t number_at(const char *bytes) {
  uint64_t n = 0;
  for (int i = NUMBER_SIZE; i-- > 0;) n = n << 8 | (uint8_t)bytes[i];
  return n;
}

/* The chunk of an entry, if it is whole and of this header. */
static bool take_chunk(Compilation *c, const char *entry, size_t length, const char *header, size_t header_length) {
  if (length < header_length + 2 * NUMBER_SIZE || memcmp(entry, header, header_length) != 0) return false;
  const char *sealed = entry + header_length;
  size_t sealed_length = length - header_length - NUMBER_SIZE, chunk_length = sealed_length - NUMBER_SIZE;
  if (number_at(sealed) != chunk_length) return false;
  if (number_at(sealed + sealed_length) != checksum(sealed, sealed_length)) return false;
  c->chunk = malloc(chunk_length);
  if (c->chunk == NULL) return false;
  memcpy(c->chunk, sealed + NUMBER_SIZE, chunk_length);
  c->chunk_length = chunk_length;
  return true;
}

bool cache_find(Compilation *compilation) {
  size_t header_length, length;
  char *header = known != NULL ? header_of(compilation, &header_length) : NULL;
  if (header == NULL) return false;
  char *path = NULL, *entry = NULL;
  int folder_length = (int)(strchr(known, '\n') - known);
  uint32_t sum = checksum(header, header_length);
  if (asprintf(&path, "%.*s/chunk-%08x%zx.luac", folder_length, known, sum, header_length) >= 0) {
    entry = read_entry(path, &length);
    free(path);
  }
  bool is_found = entry != NULL && take_chunk(compilation, entry, length, header, header_length);
  free(entry);
  free(header);
  return is_found;
}
