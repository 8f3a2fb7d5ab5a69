/* What is on the heap, block by block, for reports about live memory. */
#ifndef PERILUNE_HEAP_H
#define PERILUNE_HEAP_H

#include "vm.h"

enum BlockKind { BLOCK_TABLE, BLOCK_STRING, BLOCK_FUNCTION, BLOCK_COROUTINE, BLOCK_USERDATA, BLOCK_BYTECODE, BLOCK_KINDS };

extern const char *const block_kind_names[BLOCK_KINDS];

/* Called for every block of every object that has not been freed; `is_object` for the one that the object begins with.
   What belongs to no object (the machine itself, the string table's buckets) is not visited. */
typedef void (*BlockVisitor)(void *context, enum BlockKind kind, bool is_object, void *block, size_t size);
void heap_visit(VM *vm, BlockVisitor visit, void *context);

#endif
