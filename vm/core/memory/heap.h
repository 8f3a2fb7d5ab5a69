/* What is on the heap, block by block, for reports about live memory. */
#ifndef PERILUNE_HEAP_H
#define PERILUNE_HEAP_H

#include "objects/vm.h"

enum BlockKind { BLOCK_TABLE, BLOCK_STRING, BLOCK_FUNCTION, BLOCK_COROUTINE, BLOCK_USERDATA, BLOCK_BYTECODE, BLOCK_KINDS };

extern const char *const block_kind_names[BLOCK_KINDS];

enum BlockKind heap_kind(const Object *o);
size_t heap_size(const Object *o); /* of all its blocks */

/* Called for every block of every object that has not been freed; `is_object` for the one that the object begins with.
   What belongs to no object (the machine itself, the string table's buckets) is not visited. */
typedef void (*BlockVisitor)(void *context, enum BlockKind kind, bool is_object, void *block, size_t size);
void heap_visit(VM *vm, BlockVisitor visit, void *context);

/* Frees all blocks of an object that is on no list any more. */
void heap_free(VM *vm, Object *o);
void thread_free(VM *vm, Thread *thread);
void vm_free(VM *vm); /* of a machine that is not complete too */

#endif
