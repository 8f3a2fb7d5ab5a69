/* The heap's blocks: the walk over them, which sizes them, and their freeing, which gives the same sizes back. */
#include "heap.h"

#include "gc.h"
#include "liveness.h"
#include "memory.h"
#include "objects/serial.h"
#include "objects/str.h"
#include "objects/table.h"
#include "objects/upvalue.h"
#include "profiler/profiler.h"

const char *const block_kind_names[BLOCK_KINDS] = {"table", "string", "function", "coroutine", "userdata", "bytecode"};

typedef struct Walk {
  BlockVisitor visit;
  void *context;
  enum BlockKind kind;
} Walk;

ALWAYS_INLINE void visit_object(const Walk *w, void *object, size_t size) {
  w->visit(w->context, w->kind, true, object, size);
}

ALWAYS_INLINE void visit_array(const Walk *w, void *array, size_t count, size_t element) {
  if (array != NULL && count > 0) w->visit(w->context, w->kind, false, array, count * element);
}

static void visit_thread(const Walk *w, Thread *thread) {
  visit_object(w, thread, sizeof *thread);
  if (thread->stack != NULL)
    visit_array(w, thread->stack, (size_t)(thread->stack_limit - thread->stack) + STACK_SPARE, sizeof(Value));
  if (thread->frames != NULL)
    visit_array(w, thread->frames, (size_t)(thread->frames_limit - thread->frames) + 1, sizeof(Frame));
}

static void visit_proto(const Walk *w, Proto *p) {
  visit_object(w, p, sizeof *p);
  visit_array(w, p->code, p->word_count, sizeof(uint32_t));
  visit_array(w, p->constants, p->constant_count, sizeof(Value));
  visit_array(w, p->protos, p->proto_count, sizeof(Proto *));
  visit_array(w, p->upvalues, p->upvalue_count, sizeof(UpvalueDesc));
  visit_array(w, p->locals, p->local_count, sizeof(LocalDesc));
  visit_array(w, p->ranges, p->range_count, 5 * sizeof(uint32_t));
  visit_array(w, p->word_ranges, p->word_count, sizeof(uint32_t));
  visit_array(w, p->lines, p->word_count, sizeof(uint32_t));
}

static void visit_userdata(const Walk *w, Userdata *u) {
  size_t offset = (size_t)((char *)(u->user_values + u->user_value_count) - (char *)u);
  bool is_inside = u->data == (char *)u + offset;
  visit_object(w, u, offset + (is_inside ? u->size : 0));
  if (!is_inside) visit_array(w, u->data, u->size, 1);
}

ALWAYS_INLINE void visit_table(const Walk *w, Table *t) {
  visit_object(w, t, sizeof *t);
  visit_array(w, t->array, t->array_size, sizeof(Value));
  if (t->node != &empty_node) visit_array(w, t->node, t->node_mask + (size_t)1, sizeof(Node));
}

enum BlockKind heap_kind(const Object *o) {
  switch (o->tag) {
    case TAG_STR:
    case TAG_LONGSTR: return BLOCK_STRING;
    case TAG_TABLE: return BLOCK_TABLE;
    case TAG_USERDATA: return BLOCK_USERDATA;
    case TAG_THREAD: return BLOCK_COROUTINE;
    case TAG_PROTO: return BLOCK_BYTECODE;
    default: return BLOCK_FUNCTION;
  }
}

ALWAYS_INLINE void visit_blocks(Walk *w, Object *o) {
  w->kind = heap_kind(o);
  switch (o->tag) {
    case TAG_STR:
    case TAG_LONGSTR: visit_object(w, o, str_size(str_length((Str *)o))); break;
    case TAG_TABLE: visit_table(w, (Table *)o); break;
    case TAG_LUAFN: visit_object(w, o, sizeof(LuaFn) + ((LuaFn *)o)->upvalue_count * sizeof(UpVal *)); break;
    case TAG_CFN: visit_object(w, o, sizeof(CFn) + ((CFn *)o)->upvalue_count * sizeof(Value)); break;
    case TAG_USERDATA: visit_userdata(w, (Userdata *)o); break;
    case TAG_THREAD: visit_thread(w, (Thread *)o); break;
    case TAG_PROTO: visit_proto(w, (Proto *)o); break;
    default: visit_object(w, o, sizeof(UpVal)); break;
  }
}

static void visit_list(Walk *w, Object *list) {
  for (Object *o = list; o != NULL; o = o->next) visit_blocks(w, o);
}

static void add_size(void *context, enum BlockKind kind, bool is_object, void *block, size_t size) {
  (void)kind;
  (void)is_object;
  (void)block;
  *(size_t *)context += size;
}

size_t heap_size(const Object *o) {
  size_t size = 0;
  Walk w = {add_size, &size, BLOCK_TABLE};
  visit_blocks(&w, (Object *)(uintptr_t)o);
  return size;
}

void heap_visit(VM *vm, BlockVisitor visit, void *context) {
  Walk w = {visit, context, BLOCK_TABLE};
  visit_list(&w, vm->gc->all);
  visit_list(&w, vm->gc->finalizable);
  visit_list(&w, vm->gc->to_finalize);
}

static void free_array(VM *vm, void *array, size_t count, size_t size) {
  if (array != NULL) memory_free(vm, array, count * size);
}

static void proto_free(VM *vm, Proto *p) {
  profiler_forget(p);
  live_slots_free(p);
  free_array(vm, p->code, p->word_count, sizeof(uint32_t));
  free_array(vm, p->constants, p->constant_count, sizeof(Value));
  free_array(vm, p->protos, p->proto_count, sizeof(Proto *));
  free_array(vm, p->upvalues, p->upvalue_count, sizeof(UpvalueDesc));
  free_array(vm, p->locals, p->local_count, sizeof(LocalDesc));
  free_array(vm, p->ranges, p->range_count, RANGE_NUMBERS * sizeof(uint32_t));
  free_array(vm, p->word_ranges, p->word_count, sizeof(uint32_t));
  free_array(vm, p->lines, p->word_count, sizeof(uint32_t));
  memory_free(vm, p, sizeof(Proto));
}

static void userdata_free(VM *vm, Userdata *u) {
  size_t block = (size_t)((char *)(u->user_values + u->user_value_count) - (char *)u);
  if (u->data == (char *)u + block)
    block += u->size;
  else if (u->data)
    memory_free(vm, u->data, u->size);
  memory_free(vm, u, block);
}

void thread_free(VM *vm, Thread *thread) {
  for (Waiting *w = thread->waiting; w != NULL;) {
    Waiting *below = w->below;
    memory_free(vm, w, sizeof *w);
    w = below;
  }
  if (thread->hook_mask != 0) vm->hooked_threads--;
  if (thread->stack != NULL) {
    upvalues_close(thread, thread->stack);
    memory_free(vm, thread->stack, ((size_t)(thread->stack_limit - thread->stack) + STACK_SPARE) * sizeof(Value));
  }
  if (thread->frames != NULL)
    memory_free(vm, thread->frames, ((size_t)(thread->frames_limit - thread->frames) + 1) * sizeof(Frame));
  memory_free(vm, thread, sizeof *thread);
}

void heap_free(VM *vm, Object *o) {
  switch (o->tag) {
    case TAG_STR:
    case TAG_LONGSTR: str_free(vm, (Str *)o); break;
    case TAG_TABLE: table_free(vm, (Table *)o); break;
    case TAG_LUAFN:
      memory_free(vm, o, sizeof(LuaFn) + ((LuaFn *)o)->upvalue_count * sizeof(UpVal *));
      break;
    case TAG_CFN:
      profiler_keep_builtin(vm, (CFn *)o);
      memory_free(vm, o, sizeof(CFn) + ((CFn *)o)->upvalue_count * sizeof(Value));
      break;
    case TAG_USERDATA: userdata_free(vm, (Userdata *)o); break;
    case TAG_THREAD: thread_free(vm, (Thread *)o); break;
    case TAG_UPVAL: upvalue_free(vm, (UpVal *)o); break;
    case TAG_PROTO: proto_free(vm, (Proto *)o); break;
    default: break;
  }
}

void vm_free(VM *vm) {
  gc_free_all(vm);
  thread_free(vm, vm->main);
  str_table_free(vm);
  serial_table_free(vm);
  Allocator *allocator = vm->allocator;
  memory_last(allocator, vm->gc, sizeof *vm->gc);
  memory_last(allocator, vm, sizeof *vm);
  allocator_delete(allocator);
}
