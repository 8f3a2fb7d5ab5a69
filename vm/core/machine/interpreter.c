/* The interpreter: slow paths of the instructions, and the dispatch loop compiled once per mode. */
#include "interpreter.h"

#include <math.h>
#include <string.h>

#include "call.h"
#include "collect.h"
#include "debuginfo.h"
#include "hooks.h"
#include "interrupt.h"
#include "memory/gc.h"
#include "objects/number.h"
#include "objects/str.h"
#include "objects/table.h"
#include "objects/upvalue.h"
#include "opcodes.h"
#include "profiler/profiler.h"
#include "push.h"

#if (defined(__GNUC__) || defined(__clang__)) && !defined(PERILUNE_SWITCH)
#define USE_COMPUTED_GOTO 1
#else
#define USE_COMPUTED_GOTO 0
#endif

/* --- operands of the instruction word `ins` */

#define A (ins >> 8 & 0xff)
#define B (ins >> 16 & 0xff)
#define C (ins >> 24)
#define SC ((int8_t)(ins >> 24))
#define BX (ins >> 16)
#define SBX ((int32_t)ins >> 16)
#define SJ ((int32_t)ins >> 8)
/* A slot or constant by the distance in bytes, which one shift and one mask take from the instruction. */
#define AT(array, by) ((Value *)((uintptr_t)(array) + ((by) & 0xff0)))
#define RA AT(base, ins >> 4)
#define RB AT(base, ins >> 12)
#define RC AT(base, ins >> 20)
#define KB ((const Value *)AT(k, ins >> 12))
#define KC ((const Value *)AT(k, ins >> 20))
/* The distance of a jump that stands in the instruction's second word, at pc. */
#define JUMP_WORDS ((ptrdiff_t)(int32_t)*pc + 1)

/* --- what the loop's macros call */

/* Finds a key and writes its place into the hint half of the instruction's second word; a nil that must not be written
   if the key is not in the table. */
static NOINLINE Value *find_and_hint(Table *t, const Str *key, uint32_t *word) {
  const Value *found = table_get_short(t, key);
  if (found != &nil_value) {
    size_t index = (size_t)((const Node *)found - t->node);
    if (index <= 0xffff) *word = (*word & 0xffff) | (uint32_t)index << 16;
  }
  return (Value *)(uintptr_t)found;
}

/* What a table has under a key, or inherits through __index from other tables: a nil if there is none, NULL if something
   else than a table is to be asked. */
static NOINLINE const Value *find_inherited(VM *vm, Table *t, const Str *key) {
  for (int step = 0; step < 2000; step++) {
    const Value *found = table_find_short(t, key);
    Table *meta = t->meta;
    if (!is_nil(found) || meta == NULL || (meta->absent & 1u << METAMETHOD_INDEX)) return found;
    const Value *handler = table_find_short(meta, vm->metamethod_names[METAMETHOD_INDEX]);
    if (UNLIKELY(is_nil(handler))) {
      meta->absent |= 1u << METAMETHOD_INDEX;
      return found;
    }
    if (!is_table(handler)) return NULL;
    t = handler->table;
  }
  return NULL;
}

/* Where a value is to be stored whose key has been looked up and is `found`; a new key is added if the table has room.
   NULL if there is more to be done. */
static inline Value *place_for(Thread *L, Table *t, Str *key, const Value *found, const Value *value) {
  if (!is_nil(found)) return (Value *)(uintptr_t)found;
  if (is_nil(value) || (t->meta != NULL && !(t->meta->absent & 1u << METAMETHOD_NEWINDEX))) return NULL;
  if (found == &nil_value) return table_add_short(L, t, key);
  t->absent = 0;
  return (Value *)(uintptr_t)found;
}

/* The same where an instruction's hint has missed the key. */
static NOINLINE Value *field_place(Thread *L, Table *t, Str *key, uint32_t *word, const Value *value) {
  return place_for(L, t, key, find_and_hint(t, key, word), value);
}

static NOINLINE Value *key_place(Thread *L, Table *t, Str *key, const Value *value) {
  return place_for(L, t, key, table_get_short(t, key), value);
}

/* The frame's saved pc points behind the running instruction: its first word. */
static uint32_t current_instruction(const Frame *f) {
  return f->pc[-1]; /* all callers are one-word instructions */
}

/* Follows __index until a value or a function is found. */
static bool slow_get(Thread *L, const Value *object, const Value *key, uint8_t to) {
  top_above_frame(L);
  VM *vm = L->vm;
  for (int step = 0; step < 2000; step++) {
    const Value *handler;
    if (is_table(object)) {
      const Value *found = table_get(object->table, key);
      Table *meta = object->table->meta;
      if (!is_nil(found) || meta == NULL || is_nil(handler = metamethod_cached(vm, meta, METAMETHOD_INDEX))) {
        value_copy(L->frame->base + to, found);
        return false;
      }
    } else {
      handler = metamethod_of(vm, object, METAMETHOD_INDEX);
      if (is_nil(handler)) error_type(L, object, "index");
    }
    if (is_function(handler)) return call_metamethod(L, handler, object, key, NULL, CONTINUE_STORE, to);
    object = handler;
  }
  error_runtime(L, "'__index' chain too long; possible loop");
}

static bool slow_get_int(Thread *L, const Value *object, int64_t key, uint8_t to) {
  Value boxed;
  set_int(&boxed, key);
  return slow_get(L, object, &boxed, to);
}

static bool slow_self(Thread *L, const Value *object, const Value *key, uint8_t to) {
  value_copy(L->frame->base + to + 1, object); /* A is written last: object may stand there */
  return slow_get(L, object, key, to);
}

static bool slow_set(Thread *L, const Value *object, const Value *key, const Value *value) {
  top_above_frame(L);
  VM *vm = L->vm;
  for (int step = 0; step < 2000; step++) {
    const Value *handler;
    if (is_table(object)) {
      Table *t = object->table;
      const Value *found = table_get(t, key);
      if (!is_nil(found)) {
        value_copy((Value *)(uintptr_t)found, value);
        gc_barrier_table(L, t, value);
        return false;
      }
      if (t->meta == NULL || is_nil(handler = metamethod_cached(vm, t->meta, METAMETHOD_NEWINDEX))) {
        table_store(L, t, key, found, value);
        return false;
      }
    } else {
      handler = metamethod_of(vm, object, METAMETHOD_NEWINDEX);
      if (is_nil(handler)) error_type(L, object, "index");
    }
    if (is_function(handler)) return call_metamethod(L, handler, object, key, value, CONTINUE_DISCARD, 0);
    object = handler;
  }
  error_runtime(L, "'__newindex' chain too long; possible loop");
}

static bool slow_set_int(Thread *L, const Value *object, int64_t key, const Value *value) {
  Value boxed;
  set_int(&boxed, key);
  return slow_set(L, object, &boxed, value);
}

static bool slow_arithmetic(Thread *L, const Value *a, const Value *b, uint8_t to) {
  top_above_frame(L);
  enum Metamethod event = (enum Metamethod)OPCODE_ROWS[current_instruction(L->frame) & 0xff].event;
  Value result;
  if (!is_table(a) && !is_table(b) && number_arithmetic(L, event, a, b, &result)) {
    value_copy(L->frame->base + to, &result);
    return false;
  }
  return call_metamethod(L, arithmetic_metamethod(L, event, a, b), a, b, NULL, CONTINUE_STORE, to);
}

static bool slow_arithmetic_int(Thread *L, const Value *a, int64_t b, uint8_t to) {
  Value boxed;
  set_int(&boxed, b);
  return slow_arithmetic(L, a, &boxed, to);
}

static bool slow_length(Thread *L, const Value *v, uint8_t to) {
  top_above_frame(L);
  const Value *handler = metamethod_of(L->vm, v, METAMETHOD_LEN);
  if (!is_nil(handler)) return call_metamethod(L, handler, v, v, NULL, CONTINUE_STORE, to);
  Value result;
  value_length(L, v, &result);
  value_copy(L->frame->base + to, &result);
  return false;
}

bool concat_continue(Thread *L, uint32_t first, uint32_t top) {
  while (top > first) {
    Value *base = L->frame->base;
    int joined = concat_texts(L, base + first, base + top);
    if (joined == 0) {
      top_above_frame(L);
      const Value *a = base + top - 1, *b = base + top;
      const Value *handler = arithmetic_metamethod(L, METAMETHOD_CONCAT, a, b);
      return call_metamethod(L, handler, a, b, NULL, CONTINUE_CONCAT, (uint8_t)(top - 1));
    }
    top -= (uint32_t)joined - 1;
  }
  return false;
}

static bool jump_by_metamethod(Thread *L, const Value *handler, const Value *a, const Value *b, bool sense) {
  return call_metamethod(L, handler, a, b, NULL, sense ? CONTINUE_JUMP_IF : CONTINUE_JUMP_UNLESS, 0);
}

/* Finishes a comparison whose result is known. */
static bool jump_if(Thread *L, bool condition) {
  if (condition) L->frame->flags |= FRAME_JUMPS;
  return condition;
}

static bool slow_equal(Thread *L, const Value *a, const Value *b, bool sense) {
  top_above_frame(L);
  const Value *handler = metamethod_of(L->vm, a, METAMETHOD_EQ);
  if (is_nil(handler)) handler = metamethod_of(L->vm, b, METAMETHOD_EQ);
  if (is_nil(handler)) return jump_if(L, !sense);
  return jump_by_metamethod(L, handler, a, b, sense);
}

static bool slow_compare(Thread *L, const Value *a, const Value *b, bool sense, enum Metamethod event) {
  top_above_frame(L);
  if (is_string(a) && is_string(b)) {
    int order = str_compare(a->str, b->str);
    return jump_if(L, (event == METAMETHOD_LT ? order < 0 : order <= 0) == sense);
  }
  const Value *handler = metamethod_of(L->vm, a, event);
  if (is_nil(handler)) handler = metamethod_of(L->vm, b, event);
  if (!is_nil(handler)) return jump_by_metamethod(L, handler, a, b, sense);
  if (event == METAMETHOD_LE) { /* as Lua 5.3 has it, and 5.4 where it is built to be compatible: not b < a */
    handler = metamethod_of(L->vm, b, METAMETHOD_LT);
    if (is_nil(handler)) handler = metamethod_of(L->vm, a, METAMETHOD_LT);
  }
  if (is_nil(handler)) error_compare(L, a, b);
  return jump_by_metamethod(L, handler, b, a, !sense);
}

static bool slow_less(Thread *L, const Value *a, const Value *b, bool sense) {
  return slow_compare(L, a, b, sense, METAMETHOD_LT);
}

static bool slow_less_equal(Thread *L, const Value *a, const Value *b, bool sense) {
  return slow_compare(L, a, b, sense, METAMETHOD_LE);
}

static void slow_setlist(Thread *L, Value *a, uint32_t n, uint32_t start) {
  if (n == 0) n = (uint32_t)(L->top - a - 1);
  if (!is_table(a)) error_type(L, a, "index");
  Table *t = a->table;
  if (start + n > t->array_size && n > 0) {
    top_above_frame(L);
    if (L->top < a + 1 + n) L->top = a + 1 + n;
    table_resize(L, t, start + n, t->node == &empty_node ? 0 : t->node_mask + 1);
  }
  Value *array = t->array + start;
  for (uint32_t i = 0; i < n; i++) value_copy(&array[i], a + 1 + i);
  if (!is_black((Object *)t)) return;
  for (uint32_t i = 0; i < n; i++) gc_barrier_table(L, t, a + 1 + i);
}

/* True if the interpreter is to be left. */
static bool slow_tailcall(Thread *L, Value *f, int arguments) {
  Frame *frame = L->frame;
  if (UNLIKELY(!is_function(f))) f = call_resolve(L, f, &arguments);
  if (f->tag == TAG_CFN) { /* the frame stays, for a traceback and for what waits for its results */
    frame->flags |= FRAME_TAILING;
    return call_begin(L, f, arguments, MULTIPLE_RESULTS, 0) == AFTER_LEAVE;
  }
  if (UNLIKELY(frame->flags & FRAME_PEAK)) profiler_keep_chain(L->vm);
  frame_begin(L, frame - 1);
  /* move function and arguments down over the frame */
  Value *to = frame->base - 1 - frame->shift;
  for (int i = 0; i <= arguments; i++) value_copy(to + i, f + i);
  uint16_t flags = (uint16_t)((frame->flags & ~(FRAME_VARARG | FRAME_PEAK | FRAME_FINALIZER)) | FRAME_TAIL);
  int results = frame->results;
  L->next_continuation = frame->continuation;
  L->next_operand = frame->operand;
  L->top = to + arguments + 1;
  return call_begin(L, to, arguments, results, flags) == AFTER_LEAVE; /* the new frame keeps the continuation */
}

/* True if the interpreter is to be left. */
static bool slow_return_closing(Thread *L, uint8_t slot, int n) {
  L->frame->pending = (uint32_t)n;
  enum After after = return_close_some(L, slot);
  if (after == AFTER_DONE) after = call_return(L, L->frame->base + slot, n);
  return after == AFTER_LEAVE;
}

static enum After slow_close(Thread *L, uint8_t slot) {
  top_above_frame(L);
  return variables_close_some(L, L->frame->base + slot - L->stack, NULL, CONTINUE_CLOSE, slot);
}

static void slow_vararg(Thread *L, uint8_t to, int wanted) {
  const Frame *f = L->frame;
  const Proto *p = f->base[-1].luafn->proto;
  int extra = f->shift != 0 ? (int)f->shift - 1 - p->parameters : 0;
  if (wanted < 0) {
    wanted = extra;
    L->top = f->base + to;
    stack_reserve(L, (size_t)extra + 1);
    f = L->frame;
    L->top = f->base + to + extra;
  }
  Value *result = f->base + to;
  const Value *from = f->base - f->shift + p->parameters;
  int i = 0;
  for (; i < wanted && i < extra; i++) value_copy(result + i, from + i);
  for (; i < wanted; i++) set_nil(result + i);
}

static void slow_closure(Thread *L, LuaFn *enclosing, Proto *p, Value *base, Value *to) {
  LuaFn *f = gc_new_object(L, TAG_LUAFN, sizeof *f + p->upvalue_count * sizeof f->upvalues[0]);
  f->serial = 0;
  f->proto = p;
  f->upvalue_count = p->upvalue_count;
  for (int i = 0; i < p->upvalue_count; i++) f->upvalues[i] = NULL;
  set_object(to, f, TAG_LUAFN);
  for (int i = 0; i < p->upvalue_count; i++) {
    const UpvalueDesc *u = &p->upvalues[i];
    f->upvalues[i] = u->in_stack ? upvalue_find(L, base + u->index) : enclosing->upvalues[u->index];
  }
}

static double power_half(double x) { return x == -INFINITY ? INFINITY : sqrt(x) + 0.0; }

/* --- numeric for */

/* The loop's limit as an integer, clipped; true if the loop does not run at all. */
static bool for_limit(Thread *L, int64_t start, const Value *limit, int64_t step, int64_t *result) {
  if (is_int(limit)) {
    *result = limit->i;
  } else {
    double n;
    if (!value_to_float(limit, &n)) error_for(L, limit, "limit");
    double whole = step < 0 ? ceil(n) : floor(n);
    if (whole >= 0x1p63) {
      if (step < 0) return true;
      *result = INT64_MAX;
    } else if (isnan(n) || whole < -0x1p63) { /* the reference takes a NaN for a negative number */
      if (step > 0) return true;
      *result = INT64_MIN;
    } else {
      *result = (int64_t)whole;
    }
  }
  return step > 0 ? start > *result : start < *result;
}

static double for_float(Thread *L, const Value *v, const char *what) {
  double n;
  if (!value_to_float(v, &n)) error_for(L, v, what);
  return n;
}

/* Prepares a loop: s[A+1] becomes the number of further iterations of an integer loop. True if it does not run. */
static bool for_prepare(Thread *L, Value *a) {
  if (is_int(a) && is_int(a + 2)) {
    int64_t start = a[0].i, step = a[2].i, limit;
    if (step == 0) {
      top_above_frame(L);
      error_runtime(L, "'for' step is zero");
    }
    if (LIKELY(is_int(a + 1))) {
      limit = a[1].i;
      if (step > 0 ? start > limit : start < limit) return true;
    } else {
      top_above_frame(L);
      if (for_limit(L, start, a + 1, step, &limit)) return true;
    }
    uint64_t count;
    if (step > 0) {
      count = (uint64_t)limit - (uint64_t)start;
      if (step != 1) count /= (uint64_t)step;
    } else {
      count = ((uint64_t)start - (uint64_t)limit) / ((uint64_t)(-(step + 1)) + 1u);
    }
    a[1].bits = count;
    a[1].tag = TAG_INT;
    set_int(a + 3, start);
    return false;
  }
  top_above_frame(L);
  double limit = for_float(L, a + 1, "limit");
  double step = for_float(L, a + 2, "step");
  double start = for_float(L, a, "initial value");
  if (step == 0) error_runtime(L, "'for' step is zero");
  if (step > 0 ? limit < start : start < limit) return true; /* a NaN runs once */
  set_float(a, start);
  set_float(a + 1, limit);
  set_float(a + 2, step);
  set_float(a + 3, start);
  return false;
}

static bool for_float_step(Value *a) {
  double step = a[2].n, next = a[0].n + step;
  if (step > 0 ? next <= a[1].n : a[1].n <= next) {
    set_float(a, next);
    set_float(a + 3, next);
    return true;
  }
  return false;
}

/* --- the loops */

/* Leaves the fast path: the frame's pc is saved, then either a frame is to be loaded or the instruction is complete. */
#define SLOW(call)              \
  do {                          \
    ci->pc = pc;                \
    if (call) goto reload;      \
    ci = L->frame;              \
    base = ci->base;            \
    LOAD_PEAK();                \
    NEXT;                       \
  } while (0)

#define CHECK_GC()                      \
  do {                                  \
    if (UNLIKELY(gc->debt > 0)) {       \
      ci->pc = pc;                      \
      gc_step(L);                       \
      ci = L->frame;                    \
      base = ci->base;                  \
      LOAD_PEAK();                      \
    }                                   \
  } while (0)

/* After a call through call_begin: the results of a C function may be open, so L->top stays. */
#define CHECK_GC_AFTER_CALL()                                                \
  do {                                                                       \
    if (UNLIKELY(gc->debt > 0)) {                                            \
      gc_step(vm->current);                                                  \
    }                                                                        \
  } while (0)

/* A call that is not done in place. A yield may have ended what C code resumed. */
#define CALL_BEGIN(function, arguments, results)                                                       \
  do {                                                                                                  \
    if (UNLIKELY(call_begin(L, (function), (arguments), (results), 0) == AFTER_LEAVE)) return false;    \
    CHECK_GC_AFTER_CALL();                                                                              \
    goto reload;                                                                                        \
  } while (0)

#define SET_FIELD(object_, value)                                                             \
  do {                                                                                        \
    const Value *object = (object_);                                                          \
    uint32_t x = *pc;                                                                         \
    if (LIKELY(is_table(object))) {                                                           \
      Table *t = object->table;                                                               \
      Str *key = k[x & 0xffff].str;                                                           \
      Node *node = &t->node[x >> 16 & t->node_mask];                                          \
      Value *place = &node->value;                                                            \
      if (UNLIKELY(node->key != (uint64_t)(uintptr_t)key || node->key_tag != TAG_STR || is_nil(place))) \
        place = field_place(L, t, key, (uint32_t *)(uintptr_t)pc, (value));                   \
      if (LIKELY(place != NULL)) {                                                            \
        value_copy(place, (value));                                                           \
        gc_barrier_table(L, t, (value));                                                      \
        pc++;                                                                                 \
        NEXT;                                                                                 \
      }                                                                                       \
    }                                                                                         \
    pc++;                                                                                     \
    SLOW(slow_set(L, object, &k[x & 0xffff], (value)));                                       \
  } while (0)

#define SET_INDEX(value)                                                     \
  do {                                                                       \
    const Value *object = RA, *key = RB;                                     \
    if (LIKELY(is_table(object))) {                                          \
      Table *t = object->table;                                              \
      Value *place = NULL;                                                   \
      if (LIKELY(is_int(key))) {                                             \
        uint64_t index = (uint64_t)key->i - 1;                               \
        if (LIKELY(array_holds(t, index)) && (!is_nil(&t->array[index]) || t->meta == NULL)) \
          place = &t->array[index];                                          \
      } else if (key->tag == TAG_STR) {                                      \
        place = key_place(L, t, key->str, (value));                          \
      }                                                                      \
      if (LIKELY(place != NULL)) {                                           \
        value_copy(place, (value));                                          \
        gc_barrier_table(L, t, (value));                                     \
        NEXT;                                                                \
      }                                                                      \
    }                                                                        \
    SLOW(slow_set(L, object, key, (value)));                                 \
  } while (0)

#define PATIENCE 32 /* calls and returns */

#define LOOP_NAME interpret_off
#define LOOP_INDEX MODE_OFF
#define COUNT_EDGES 0
#define HAS_OTHER_LOOP 0
#define BELOW_PEAK 0
#define SAMPLE 0
#define TRACE 0
#define COUNT_EVERY 0
#define HOOKED 0
#define COUNTING 1
#include "interpreter_loop.h"
#undef LOOP_NAME
#undef LOOP_INDEX
#undef COUNT_EDGES
#undef HAS_OTHER_LOOP
#undef BELOW_PEAK

#define LOOP_NAME interpret_count
#define LOOP_INDEX MODE_COUNT
#define COUNT_EDGES 1
#define HAS_OTHER_LOOP 1
#define BELOW_PEAK 1
#include "interpreter_loop.h"
#undef LOOP_NAME
#undef LOOP_INDEX
#undef SAMPLE

#define LOOP_NAME interpret_sample
#define LOOP_INDEX MODE_SAMPLE
#define SAMPLE 1
#include "interpreter_loop.h"
#undef LOOP_NAME
#undef LOOP_INDEX
#undef BELOW_PEAK

#define LOOP_NAME interpret_sample_depth
#define LOOP_INDEX LOOP_SAMPLE_DEPTH
#define BELOW_PEAK 0
#include "interpreter_loop.h"
#undef LOOP_NAME
#undef LOOP_INDEX
#undef SAMPLE

#define LOOP_NAME interpret_count_depth
#define LOOP_INDEX LOOP_COUNT_DEPTH
#define SAMPLE 0
#include "interpreter_loop.h"
#undef LOOP_NAME
#undef LOOP_INDEX
#undef HAS_OTHER_LOOP
#undef TRACE

#define LOOP_NAME interpret_trace
#define LOOP_INDEX MODE_TRACE
#define HAS_OTHER_LOOP 0
#define TRACE 1
#include "interpreter_loop.h"
#undef LOOP_NAME
#undef LOOP_INDEX
#undef TRACE
#undef COUNT_EVERY

#define LOOP_NAME interpret_oracle
#define LOOP_INDEX MODE_ORACLE
#define TRACE 0
#define COUNT_EVERY 1
#include "interpreter_loop.h"
#undef LOOP_NAME
#undef LOOP_INDEX
#undef SAMPLE
#undef TRACE
#undef HOOKED
#undef COUNTING

#define LOOP_NAME interpret_hooked
#define LOOP_INDEX LOOP_HOOKED
#define SAMPLE 1
#define TRACE 1
#define HOOKED 1
#define COUNTING (vm->mode != MODE_OFF)
#include "interpreter_loop.h"

/* True if the run goes on in another loop. */
typedef bool (*Loop)(Thread *L);
static const Loop loops[LOOP_COUNT] = {
    [MODE_OFF] = interpret_off,
    [MODE_COUNT] = interpret_count,
    [MODE_SAMPLE] = interpret_sample,
    [MODE_TRACE] = interpret_trace,
    [MODE_ORACLE] = interpret_oracle,
    [LOOP_HOOKED] = interpret_hooked,
    [LOOP_COUNT_DEPTH] = interpret_count_depth,
    [LOOP_SAMPLE_DEPTH] = interpret_sample_depth,
};

void interpret(VM *vm) {
  while (loops[loop_wanted(vm)](vm->current)) continue;
}
