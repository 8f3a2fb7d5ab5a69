/* Binary chunks: reading, checking and writing them. The format is described in proto.py. */
#ifndef PERILUNE_CHUNK_H
#define PERILUNE_CHUNK_H

#include "objects/vm.h"

#define CHUNK_SIGNATURE "\x1bPerilune"

/* Reads a chunk and verifies it: afterwards running it cannot touch memory outside the machine's. Pushes a closure whose
   upvalues are fresh and nil. Throws a Lua error naming `chunkname` for anything that is not right. */
LuaFn *chunk_load(Thread *L, const uint8_t *bytes, size_t length, const char *chunkname, uint32_t text_number);

/* Throws unless every instruction of p (not of nested functions) is safe: operands in bounds, jumps to instructions of
   the function, no way to fall off the end, open results consumed at once. */
void chunk_verify(Thread *L, const Proto *p, const char *chunkname);

/* The binary chunk of a function, appended by `write`; strip leaves out debug information. */
void chunk_dump(Thread *L, const Proto *p, bool strip, void (*write)(void *context, const void *bytes, size_t length),
                void *context);

Proto *proto_new(Thread *L);

#endif
