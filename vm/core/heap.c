/* The walk over the heap's blocks; sizes are those that the objects' free functions give back. */
#include "heap.h"

#include "gc.h"
#include "str.h"
#include "table.h"

const char *const block_kind_names[BLOCK_KINDS] = {"table", "string", "function", "coroutine", "userdata", "bytecode"};

typedef struct Walk {
  BlockVisitor visit;
  void *context;
  enum BlockKind kind;
} Walk;

static void visit_object(const Walk *w, void *object, size_t size) {
  w->visit(w->context, w->kind, true, object, size);
}

static void visit_array(const Walk *w, void *array, size_t count, size_t element) {
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

static void visit_table(const Walk *w, Table *t) {
  visit_object(w, t, sizeof *t);
  visit_array(w, t->array, t->array_size, sizeof(Value));
  if (t->node != &empty_node) visit_array(w, t->node, t->node_mask + (size_t)1, sizeof(Node));
}

static enum BlockKind kind_of(const Object *o) {
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

static void visit_list(Walk *w, Object *list) {
  for (Object *o = list; o != NULL; o = o->next) {
    w->kind = kind_of(o);
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
}

void heap_visit(VM *vm, BlockVisitor visit, void *context) {
  Walk w = {visit, context, BLOCK_TABLE};
  visit_list(&w, vm->gc->all);
  visit_list(&w, vm->gc->finalizable);
  visit_list(&w, vm->gc->to_finalize);
}
