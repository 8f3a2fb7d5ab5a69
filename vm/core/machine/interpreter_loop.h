/* The dispatch loop, compiled once per mode: the including file defines LOOP_NAME, LOOP_INDEX and the probes

     COUNT_EDGES  1: count function entries and taken jumps, track the highest slot in use
     HAS_OTHER_LOOP, BELOW_PEAK  1: the loop has a twin for functions at the peak of the stack; it is the one for those below
     SAMPLE       1: keep the running instruction and library function where a sampler finds them
     TRACE        1: a time stamp at every instruction
     COUNT_EVERY  1: the oracle: count every instruction as well
     HOOKED       1: the loop for debug.sethook and instruction limits, whatever the mode: its probes are compiled in,
                  and COUNTING and the like say at run time whether they are wanted

   An instruction's body is its fast path and one call to a named slow path. Slow paths return true when the interpreter
   has a frame to (re)load, false when the instruction is complete. */

#include "interpreter_probes.h"

#if USE_COMPUTED_GOTO
#define DISPATCH() goto *vm->dispatch[LOOP_INDEX][ins & 0xff]
#define OPCODE(name) LABEL_##name:
#else
#define DISPATCH() goto again
#define OPCODE(name) case OP_##name:
#endif
#define NEXT_WITH(change) \
  do {                    \
    ins = *pc++;          \
    RUNNING();            \
    change;               \
    EVERY(1);             \
    PROBE();              \
    WATCH();              \
    DISPATCH();           \
  } while (0)
#define NEXT NEXT_WITH((void)0)
#define NEXT_IN_FRAME NEXT_WITH(frame_begin(L, ci)) /* after a call */

static bool LOOP_NAME(Thread *L) {
  VM *const vm = L->vm;
  GC *const gc = vm->gc;
#if COUNT_EDGES || TRACE
  Profiler *const profiler = vm->profiler;
#endif
#if COUNT_EDGES
#if !BELOW_PEAK
  Value *peak = NULL;
  int patience = PATIENCE;
#endif
  uintptr_t taken = 0;
#endif
  Frame *ci;
  LuaFn *cl;
  Value *base;
  const Value *k;
  const uint32_t *pc;
  uint32_t ins;
#if USE_COMPUTED_GOTO
  static const void *const labels[256] = {
      [OPCODE_COUNT ... 255] = &&LABEL_invalid,
#define X(name) [OP_##name] = &&LABEL_##name,
      PERILUNE_OPCODES(X)
#undef X
  };
  if (vm->interrupt_label[LOOP_INDEX] != &&LABEL_interrupt) {
    memcpy(vm->dispatch[LOOP_INDEX], labels, sizeof labels);
    vm->interrupt_label[LOOP_INDEX] = &&LABEL_interrupt;
    if (vm->interrupt) vm_interrupt(vm, 0);
  }
#endif

reload: /* the current thread's frame is to run on */
  L = vm->current;
  ci = L->frame;
  base = ci->base;
  cl = base[-1].luafn;
  k = cl->proto->constants;
  pc = ci->pc;
  LOAD_COUNTS();
  LOAD_PEAK();
  FIT_LOOP();
  if (UNLIKELY(ci->flags & FRAME_MOVES)) {
    if (ci->flags & FRAME_JUMPS) {
      TAKEN_AT(pc - 1);
      pc += (int32_t)pc[-1];
    } else {
      pc--;
    }
    ci->flags &= (uint16_t)~FRAME_MOVES;
  }
  NEXT;

#if !USE_COMPUTED_GOTO
again:
  if (UNLIKELY(atomic_load_explicit(&vm->interrupt, memory_order_relaxed) || loop_wanted(vm) != LOOP_INDEX)) {
    ci->pc = pc;
    vm_handle_interrupt(L);
    if (loop_wanted(vm) != LOOP_INDEX) {
      EVERY(-1);
      ci->flags |= FRAME_REPEATS;
      return true;
    }
    base = ci->base;
  }
  switch ((enum Opcode)(ins & 0xff)) {
#endif

  OPCODE(MOVE) {
    DEPTH(RA + 1);
    value_copy(RA, RB);
    NEXT;
  }
  OPCODE(LOADI) {
    DEPTH(RA + 1);
    set_int(RA, SBX);
    NEXT;
  }
  OPCODE(LOADF) {
    DEPTH(RA + 1);
    set_float(RA, (double)SBX);
    NEXT;
  }
  OPCODE(LOADK) {
    DEPTH(RA + 1);
    value_copy(RA, k + BX);
    NEXT;
  }
  OPCODE(LOADKX) {
    DEPTH(RA + 1);
    value_copy(RA, k + *pc++);
    NEXT;
  }
  OPCODE(LOADNIL) {
    Value *a = RA;
    uint32_t n = B;
    DEPTH(a + n + 1);
    do set_nil(a++);
    while (n-- > 0);
    NEXT;
  }
  OPCODE(LOADTRUE) {
    DEPTH(RA + 1);
    RA->tag = TAG_TRUE;
    NEXT;
  }
  OPCODE(LOADFALSE) {
    DEPTH(RA + 1);
    RA->tag = TAG_FALSE;
    NEXT;
  }
  OPCODE(GETUPVAL) {
    DEPTH(RA + 1);
    value_copy(RA, cl->upvalues[B]->v);
    NEXT;
  }
  OPCODE(SETUPVAL) {
    UpVal *u = cl->upvalues[B];
    value_copy(u->v, RA);
    gc_barrier_value(L, u, u->v);
    NEXT;
  }

/* Looks a hinted key up: leaves the value in `found`, NULL if the key is not in the table. */
#define HINTED_NODE(t, x, wanted, found)                                                          \
  do {                                                                                            \
    Node *node_ = &(t)->node[(x) >> 16 & (t)->node_mask];                                         \
    if (LIKELY(node_->key == (uint64_t)(uintptr_t)(wanted) && node_->key_tag == TAG_STR))         \
      (found) = &node_->value;                                                                    \
    else                                                                                          \
      (found) = find_and_hint((t), (wanted), (uint32_t *)(uintptr_t)pc);                          \
  } while (0)

#define GET_FIELD(place)                                                                      \
  do {                                                                                        \
    const Value *object = (place);                                                            \
    uint32_t x = *pc;                                                                         \
    DEPTH(RA + 1);                                                                            \
    if (LIKELY(is_table(object))) {                                                           \
      const Value *found;                                                                     \
      HINTED_NODE(object->table, x, k[x & 0xffff].str, found);                                \
      if (UNLIKELY(is_nil(found)) && object->table->meta != NULL)                             \
        found = find_inherited(vm, object->table, k[x & 0xffff].str);                   \
      if (LIKELY(found != NULL)) {                                                            \
        value_copy(RA, found);                                                                \
        pc++;                                                                                 \
        NEXT;                                                                                 \
      }                                                                                       \
    }                                                                                         \
    pc++;                                                                                     \
    SLOW(slow_get(L, object, &k[x & 0xffff], (uint8_t)A));                                    \
  } while (0)
  OPCODE(GETGLOBAL) GET_FIELD(cl->upvalues[B]->v);
  OPCODE(GETFIELD) GET_FIELD(RB);
  OPCODE(SELF) {
    Value *object = RB;
    uint32_t x = *pc;
    Value *a = RA;
    DEPTH(a + 2);
    if (LIKELY(is_table(object))) {
      Table *t = object->table;
      Str *key = k[x & 0xffff].str;
      const Value *found;
      if (t->meta == NULL)
        HINTED_NODE(t, x, key, found);
      else
        found = find_inherited(vm, t, key);
      if (LIKELY(found != NULL && !is_nil(found))) {
        Value method = *found;
        value_copy(a + 1, object);
        value_copy(a, &method);
        pc++;
        NEXT;
      }
    } else if (is_string(object) && vm->string_meta != NULL) {
      const Value *class = metamethod_cached(vm, vm->string_meta, METAMETHOD_INDEX);
      if (is_table(class)) {
        Value *found;
        HINTED_NODE(class->table, x, k[x & 0xffff].str, found);
        if (LIKELY(!is_nil(found))) {
          value_copy(a + 1, object);
          value_copy(a, found);
          pc++;
          NEXT;
        }
      }
    }
    pc++;
    SLOW(slow_self(L, object, &k[x & 0xffff], (uint8_t)A));
  }
  OPCODE(SETGLOBAL) {
    const Value *value = RA;
    SET_FIELD(cl->upvalues[B]->v, value);
  }
  OPCODE(SETFIELD) {
    const Value *value = RB;
    SET_FIELD(RA, value);
  }
  OPCODE(SETFIELDK) {
    const Value *value = KB;
    SET_FIELD(RA, value);
  }
  OPCODE(GETINDEX) {
    const Value *object = RB, *key = RC;
    DEPTH(RA + 1);
    if (LIKELY(is_table(object))) {
      Table *t = object->table;
      const Value *found;
      if (LIKELY(is_int(key))) {
        uint64_t index = (uint64_t)key->i - 1;
        found = LIKELY(index < t->limit) ? &t->array[index] : table_get_int(t, key->i);
      } else if (key->tag == TAG_STR) {
        found = table_get_short(t, key->str);
      } else {
        found = table_get(t, key);
      }
      if (LIKELY(!is_nil(found)) || t->meta == NULL) {
        value_copy(RA, found);
        NEXT;
      }
    }
    SLOW(slow_get(L, object, key, (uint8_t)A));
  }
  OPCODE(GETINT) {
    const Value *object = RB;
    DEPTH(RA + 1);
    if (LIKELY(is_table(object))) {
      Table *t = object->table;
      uint64_t index = (uint64_t)C - 1;
      const Value *found = LIKELY(index < t->limit) ? &t->array[index] : table_get_int(t, (int64_t)C);
      if (LIKELY(!is_nil(found)) || t->meta == NULL) {
        value_copy(RA, found);
        NEXT;
      }
    }
    SLOW(slow_get_int(L, object, C, (uint8_t)A));
  }
  OPCODE(SETINDEX) {
    const Value *value = RC;
    SET_INDEX(value);
  }
  OPCODE(SETINDEXK) {
    const Value *value = k + C;
    SET_INDEX(value);
  }
  OPCODE(SETINT) {
    const Value *object = RA, *value = RC;
    if (LIKELY(is_table(object))) {
      Table *t = object->table;
      uint64_t index = (uint64_t)B - 1;
      if (LIKELY(array_holds(t, index)) && (!is_nil(&t->array[index]) || t->meta == NULL)) {
        value_copy(&t->array[index], value);
        gc_barrier_table(L, t, value);
        NEXT;
      }
    }
    SLOW(slow_set_int(L, object, B, value));
  }
  OPCODE(NEWTABLE) {
    uint32_t fields = B, items = *pc++;
    DEPTH(RA + 1);
    ci->pc = pc;
    Table *t = table_new(L, items, fields > 0 ? UINT32_C(1) << (fields - 1) : 0);
    set_table(RA, t);
    CHECK_GC();
    NEXT;
  }
  OPCODE(SETLIST) {
    ci->pc = pc + 1;
    slow_setlist(L, RA, B, *pc);
    pc++;
    NEXT;
  }

#define ARITHMETIC(name, left, right, int_case, float_case)                                         \
  do {                                                                                              \
    const Value *b = (left), *c = (right);                                                          \
    DEPTH(RA + 1);                                                                                  \
    if (LIKELY(is_int(b) && is_int(c))) {                                                           \
      int64_t x = b->i, y = c->i;                                                                   \
      Value *a = RA;                                                                                \
      int_case;                                                                                     \
      NEXT;                                                                                         \
    }                                                                                               \
    double x, y;                                                                                    \
    if (LIKELY(is_float(b))) {                                                                      \
      x = b->n;                                                                                     \
      if (LIKELY(is_float(c)))                                                                      \
        y = c->n;                                                                                   \
      else if (is_int(c))                                                                           \
        y = (double)c->i;                                                                           \
      else                                                                                          \
        goto slow_##name;                                                                           \
    } else if (is_int(b) && is_float(c)) {                                                          \
      x = (double)b->i;                                                                             \
      y = c->n;                                                                                     \
    } else {                                                                                        \
      goto slow_##name;                                                                             \
    }                                                                                               \
    {                                                                                               \
      Value *a = RA;                                                                                \
      float_case;                                                                                   \
      NEXT;                                                                                         \
    }                                                                                               \
  slow_##name:                                                                                      \
    SLOW(slow_arithmetic(L, b, c, (uint8_t)A));                                                     \
  } while (0)
#define WRAP_ADD set_int(a, (int64_t)((uint64_t)x + (uint64_t)y))
#define WRAP_SUB set_int(a, (int64_t)((uint64_t)x - (uint64_t)y))
#define WRAP_MUL set_int(a, (int64_t)((uint64_t)x * (uint64_t)y))
#define FLOAT_ADD set_float(a, x + y)
#define FLOAT_SUB set_float(a, x - y)
#define FLOAT_MUL set_float(a, x * y)

  OPCODE(ADD) ARITHMETIC(ADD, RB, RC, WRAP_ADD, FLOAT_ADD);
  OPCODE(SUB) ARITHMETIC(SUB, RB, RC, WRAP_SUB, FLOAT_SUB);
  OPCODE(MUL) ARITHMETIC(MUL, RB, RC, WRAP_MUL, FLOAT_MUL);
  OPCODE(ADDK) ARITHMETIC(ADDK, RB, KC, WRAP_ADD, FLOAT_ADD);
  OPCODE(SUBK) ARITHMETIC(SUBK, RB, KC, WRAP_SUB, FLOAT_SUB);
  OPCODE(MULK) ARITHMETIC(MULK, RB, KC, WRAP_MUL, FLOAT_MUL);
  OPCODE(RADDK) ARITHMETIC(RADDK, KC, RB, WRAP_ADD, FLOAT_ADD);
  OPCODE(RSUBK) ARITHMETIC(RSUBK, KC, RB, WRAP_SUB, FLOAT_SUB);
  OPCODE(RMULK) ARITHMETIC(RMULK, KC, RB, WRAP_MUL, FLOAT_MUL);

#define DIVIDE(name, left, right)                        \
  do {                                                   \
    const Value *b = (left), *c = (right);               \
    double x, y;                                         \
    DEPTH(RA + 1);                                       \
    if (LIKELY(is_float(b)))                             \
      x = b->n;                                          \
    else if (is_int(b))                                  \
      x = (double)b->i;                                  \
    else                                                 \
      goto slow_##name;                                  \
    if (LIKELY(is_float(c)))                             \
      y = c->n;                                          \
    else if (is_int(c))                                  \
      y = (double)c->i;                                  \
    else                                                 \
      goto slow_##name;                                  \
    set_float(RA, x / y);                                \
    NEXT;                                                \
  slow_##name:                                           \
    SLOW(slow_arithmetic(L, b, c, (uint8_t)A));          \
  } while (0)
  OPCODE(DIV) DIVIDE(DIV, RB, RC);
  OPCODE(DIVK) DIVIDE(DIVK, RB, KC);
  OPCODE(RDIVK) DIVIDE(RDIVK, KC, RB);

/* Integer division and modulo leave the divisors 0 and -1 to the slow path. */
#define INT_DIVIDE(left, right, result, float_function)                          \
  do {                                                                           \
    const Value *b = (left), *c = (right);                                       \
    DEPTH(RA + 1);                                                               \
    if (LIKELY(is_int(b) && is_int(c) && (uint64_t)c->i + 1 > 1)) {              \
      int64_t x = b->i, y = c->i;                                                \
      int64_t quotient = x / y, rest = x - quotient * y;                         \
      bool lower = rest != 0 && (rest ^ y) < 0;                                  \
      set_int(RA, result);                                                       \
      NEXT;                                                                      \
    }                                                                            \
    if (LIKELY(is_float(b) && is_float(c))) {                                    \
      set_float(RA, float_function);                                             \
      NEXT;                                                                      \
    }                                                                            \
    SLOW(slow_arithmetic(L, b, c, (uint8_t)A));                                  \
  } while (0)
#define QUOTIENT quotient - lower
#define REST lower ? rest + y : rest
  OPCODE(MOD) INT_DIVIDE(RB, RC, REST, float_modulo(b->n, c->n));
  OPCODE(MODK) INT_DIVIDE(RB, KC, REST, float_modulo(b->n, c->n));
  OPCODE(IDIV) INT_DIVIDE(RB, RC, QUOTIENT, floor(b->n / c->n));
  OPCODE(IDIVK) INT_DIVIDE(RB, KC, QUOTIENT, floor(b->n / c->n));

#define POWER(right)                                                                  \
  do {                                                                                \
    const Value *b = RB, *c = (right);                                                \
    DEPTH(RA + 1);                                                                    \
    if (LIKELY(is_number(b) && is_number(c))) {                                       \
      double x = is_float(b) ? b->n : (double)b->i, y = is_float(c) ? c->n : (double)c->i; \
      set_float(RA, y == 2 ? x * x : y == 0.5 ? power_half(x) : pow(x, y));           \
      NEXT;                                                                           \
    }                                                                                 \
    SLOW(slow_arithmetic(L, b, c, (uint8_t)A));                                       \
  } while (0)
  OPCODE(POW) POWER(RC);
  OPCODE(POWK) POWER(KC);

#define BITWISE(right, result)                      \
  do {                                              \
    const Value *b = RB, *c = (right);              \
    DEPTH(RA + 1);                                  \
    if (LIKELY(is_int(b) && is_int(c))) {           \
      int64_t x = b->i, y = c->i;                   \
      set_int(RA, result);                          \
      NEXT;                                         \
    }                                               \
    SLOW(slow_arithmetic(L, b, c, (uint8_t)A));     \
  } while (0)
#define SHIFT_RIGHT int_shift_left(x, y == INT64_MIN ? INT64_MAX : -y)
  OPCODE(BAND) BITWISE(RC, x & y);
  OPCODE(BOR) BITWISE(RC, x | y);
  OPCODE(BXOR) BITWISE(RC, x ^ y);
  OPCODE(SHL) BITWISE(RC, int_shift_left(x, y));
  OPCODE(SHR) BITWISE(RC, SHIFT_RIGHT);
  OPCODE(BANDK) BITWISE(KC, x & y);
  OPCODE(BORK) BITWISE(KC, x | y);
  OPCODE(BXORK) BITWISE(KC, x ^ y);
  OPCODE(SHLK) BITWISE(KC, int_shift_left(x, y));
  OPCODE(SHRK) BITWISE(KC, SHIFT_RIGHT);

  OPCODE(ADDI) {
    const Value *b = RB;
    DEPTH(RA + 1);
    if (LIKELY(is_int(b))) {
      int64_t sum = (int64_t)((uint64_t)b->i + (uint64_t)(int64_t)SC);
      set_int(RA, sum);
      NEXT;
    }
    if (is_float(b)) {
      double sum = b->n + SC;
      set_float(RA, sum);
      NEXT;
    }
    SLOW(slow_arithmetic_int(L, b, SC, (uint8_t)A));
  }
  OPCODE(SUBI) {
    const Value *b = RB;
    DEPTH(RA + 1);
    if (LIKELY(is_int(b))) {
      int64_t difference = (int64_t)((uint64_t)b->i - (uint64_t)(int64_t)SC);
      set_int(RA, difference);
      NEXT;
    }
    if (is_float(b)) {
      double difference = b->n - SC;
      set_float(RA, difference);
      NEXT;
    }
    SLOW(slow_arithmetic_int(L, b, SC, (uint8_t)A));
  }
  OPCODE(UNM) {
    const Value *b = RB;
    DEPTH(RA + 1);
    if (is_int(b)) {
      int64_t negated = (int64_t)(0 - (uint64_t)b->i);
      set_int(RA, negated);
      NEXT;
    }
    if (is_float(b)) {
      double negated = -b->n;
      set_float(RA, negated);
      NEXT;
    }
    SLOW(slow_arithmetic(L, b, b, (uint8_t)A));
  }
  OPCODE(BNOT) {
    const Value *b = RB;
    DEPTH(RA + 1);
    if (LIKELY(is_int(b))) {
      int64_t complement = ~b->i;
      set_int(RA, complement);
      NEXT;
    }
    SLOW(slow_arithmetic(L, b, b, (uint8_t)A));
  }
  OPCODE(NOT) {
    DEPTH(RA + 1);
    RA->tag = is_falsy(RB) ? TAG_TRUE : TAG_FALSE;
    NEXT;
  }
  OPCODE(LEN) {
    const Value *b = RB;
    DEPTH(RA + 1);
    if (LIKELY(is_table(b) && b->table->meta == NULL)) {
      int64_t length = table_length(b->table);
      set_int(RA, length);
      NEXT;
    }
    if (is_string(b)) {
      int64_t length = (int64_t)str_length(b->str);
      set_int(RA, length);
      NEXT;
    }
    SLOW(slow_length(L, b, (uint8_t)A));
  }
  OPCODE(CONCAT) {
    uint32_t first = A;
    SAVE_PC();
    L->top = base + first + B;
    if (concat_continue(L, first, first + B - 1)) goto reload;
    base = L->frame->base;
    ci = L->frame;
    CHECK_GC();
    LOAD_PEAK();
    NEXT;
  }

  OPCODE(JMP) {
#if COUNT_EDGES
    if (SJ < 0) TAKEN_AT(pc - 1);
#endif
    pc += SJ;
    NEXT;
  }
#define JUMP_IF(condition)              \
  do {                                  \
    if (condition) {                    \
      TAKEN();                          \
      pc += JUMP_WORDS;           \
    } else {                            \
      pc++;                             \
    }                                   \
    NEXT;                               \
  } while (0)

  OPCODE(JT) JUMP_IF(!is_falsy(RA));
  OPCODE(JF) JUMP_IF(is_falsy(RA));
  OPCODE(JTMOVE) {
    const Value *b = RB;
    if (!is_falsy(b)) {
      DEPTH(RA + 1);
      value_copy(RA, b);
      JUMP_IF(true);
    }
    pc++;
    NEXT;
  }
  OPCODE(JFMOVE) {
    const Value *b = RB;
    if (is_falsy(b)) {
      DEPTH(RA + 1);
      value_copy(RA, b);
      JUMP_IF(true);
    }
    pc++;
    NEXT;
  }

/* Equal without calling anything; tables and userdata with metamethods go the slow way. */
#define EQUAL(sense)                                                              \
  do {                                                                            \
    const Value *a = RA, *b = RB;                                                 \
    if (a->tag == b->tag) {                                                       \
      if (LIKELY(a->tag == TAG_INT)) JUMP_IF((a->i == b->i) == (sense));          \
      if (a->tag == TAG_FLOAT) JUMP_IF((a->n == b->n) == (sense));                \
      if (a->bits == b->bits || a->tag <= TAG_TRUE) JUMP_IF(sense);               \
      if (a->tag == TAG_LONGSTR) JUMP_IF(str_equal_long(a->str, b->str) == (sense)); \
      if (a->tag != TAG_TABLE && a->tag != TAG_USERDATA) JUMP_IF(!(sense));       \
      if (metatable_of(vm, a) == NULL && metatable_of(vm, b) == NULL) JUMP_IF(!(sense)); \
    } else if (is_number(a) && is_number(b)) {                                    \
      JUMP_IF(value_raw_equal(a, b) == (sense));                                  \
    } else {                                                                      \
      JUMP_IF(!(sense));                                                          \
    }                                                                             \
    pc++;                                                                         \
    SLOW(slow_equal(L, a, b, sense));                                             \
  } while (0)
  OPCODE(JEQ) EQUAL(true);
  OPCODE(JNE) EQUAL(false);
#define EQUAL_CONSTANT(sense)                                                          \
  do {                                                                                 \
    const Value *a = RA, *b = KB;                                                   \
    if (LIKELY(a->tag != TAG_FLOAT && a->tag == b->tag && a->tag != TAG_LONGSTR))      \
      JUMP_IF((a->tag <= TAG_TRUE || a->bits == b->bits) == (sense));                  \
    JUMP_IF(value_raw_equal(a, b) == (sense));                                         \
  } while (0)
  OPCODE(JEQK) EQUAL_CONSTANT(true);
  OPCODE(JNEK) EQUAL_CONSTANT(false);

#define COMPARE(left, right, operator, numbers, slow, sense)                                 \
  do {                                                                                       \
    const Value *a = (left), *b = (right);                                                   \
    if (LIKELY(is_int(a) && is_int(b))) JUMP_IF((a->i operator b->i) == (sense));            \
    if (LIKELY(is_float(a) && is_float(b))) JUMP_IF((a->n operator b->n) == (sense));        \
    if (is_number(a) && is_number(b)) JUMP_IF(numbers(a, b) == (sense));                     \
    pc++;                                                                                    \
    SLOW(slow(L, a, b, sense));                                                              \
  } while (0)
  OPCODE(JLT) COMPARE(RA, RB, <, number_less, slow_less, true);
  OPCODE(JNLT) COMPARE(RA, RB, <, number_less, slow_less, false);
  OPCODE(JLE) COMPARE(RA, RB, <=, number_less_equal, slow_less_equal, true);
  OPCODE(JNLE) COMPARE(RA, RB, <=, number_less_equal, slow_less_equal, false);
  OPCODE(JLTK) COMPARE(RA, KB, <, number_less, slow_less, true);
  OPCODE(JNLTK) COMPARE(RA, KB, <, number_less, slow_less, false);
  OPCODE(JLEK) COMPARE(RA, KB, <=, number_less_equal, slow_less_equal, true);
  OPCODE(JNLEK) COMPARE(RA, KB, <=, number_less_equal, slow_less_equal, false);
  OPCODE(JGTK) COMPARE(KB, RA, <, number_less, slow_less, true);
  OPCODE(JNGTK) COMPARE(KB, RA, <, number_less, slow_less, false);
  OPCODE(JGEK) COMPARE(KB, RA, <=, number_less_equal, slow_less_equal, true);
  OPCODE(JNGEK) COMPARE(KB, RA, <=, number_less_equal, slow_less_equal, false);

  OPCODE(CALL) {
    Value *f = RA;
    uint32_t b = B;
    int arguments = b != 0 ? (int)b - 1 : (int)(L->top - f - 1);
    SAVE_PC();
    if (LIKELY(f->tag == TAG_LUAFN)) {
      LuaFn *function = f->luafn;
      Proto *p = function->proto;
      if (HOOKED || UNLIKELY(p->is_vararg || STACK_ROOM - f <= (ptrdiff_t)p->slots || ci >= L->frames_limit)) {
        CALL_BEGIN(f, arguments, (int)C - 1);
      }
      ci++;
      ci->base = base = f + 1;
      frame_set_plain(ci, FRAME_LUA, (int)C - 1);
      for (; UNLIKELY(arguments < p->parameters); arguments++) set_nil(base + arguments);
      ENTERED(p);
      cl = function;
      k = p->constants;
      pc = p->code;
      LOAD_COUNTS();
      PARAMETERS_DEPTH(base + p->parameters);
      CALLED_INTO();
      NEXT_IN_FRAME;
    }
    if (LIKELY(!HOOKED && f->tag == TAG_CFN && f->cfn->special == SPECIAL_NONE)) {
      CFn *function = f->cfn;
      if (UNLIKELY(L->stack_limit - f <= (ptrdiff_t)(arguments + MIN_C_SLOTS) || ci >= L->frames_limit)) {
        CALL_BEGIN(f, arguments, (int)C - 1);
      }
      CALLED(function);
      ci++;
      ci->base = f + 1;
      ci->cfn = function;
      frame_set_plain(ci, FRAME_C, (int)C - 1);
      frame_begin(L, ci);
      L->top = f + 1 + arguments;
      DEPTH(L->top);
#if TRACE
      uint64_t begun = COUNTING ? profiler_builtin_begin(profiler) : 0;
#endif
      int n = function->call(L, f + 1, arguments);
#if TRACE
      if (COUNTING) profiler_builtin_end(profiler, function, begun);
#endif
      ci = L->frame;
      Value *to = ci->base - 1, *from = L->top - n;
      LOAD_PEAK();
      NOTE_DEPTH(L->top);
      int wanted = ci->results;
      L->frame = --ci;
      base = ci->base;
      if (LIKELY(wanted == 1)) {
        if (LIKELY(n > 0))
          value_copy(to, from);
        else
          set_nil(to);
      } else if (wanted == MULTIPLE_RESULTS) {
        for (int i = 0; i < n; i++) value_copy(to + i, from + i);
        L->top = to + n;
      } else {
        int i = 0;
        for (; i < n && i < wanted; i++) value_copy(to + i, from + i);
        for (; i < wanted; i++) set_nil(to + i);
      }
      if (UNLIKELY(gc->debt > 0)) {
        gc_step(L);
        ci = L->frame;
        base = ci->base;
        LOAD_PEAK();
      }
      NEXT;
    }
    CALL_BEGIN(f, arguments, (int)C - 1);
  }
  OPCODE(TAILCALL) {
    SAVE_PC();
    const Value *f = RA;
    uint32_t b = B;
    int arguments = b != 0 ? (int)b - 1 : (int)(L->top - f - 1);
    if (LIKELY(!HOOKED && f->tag == TAG_LUAFN && !(ci->flags & FRAME_ODD_TAILCALL))) {
      LuaFn *function = f->luafn;
      Proto *p = function->proto;
      if (LIKELY(!p->is_vararg && STACK_ROOM - base >= (ptrdiff_t)p->slots)) {
        frame_begin(L, ci - 1); /* before its function's slot is overwritten */
        for (int i = 0; i <= arguments; i++) value_copy(base - 1 + i, f + i);
        for (; UNLIKELY(arguments < p->parameters); arguments++) set_nil(base + arguments);
        ci->flags |= FRAME_TAIL;
        ENTERED(p);
        cl = function;
        k = p->constants;
        pc = p->code;
        LOAD_COUNTS();
        PARAMETERS_DEPTH(base + p->parameters);
        CALLED_INTO();
        NEXT_IN_FRAME;
      }
    }
    if (slow_tailcall(L, RA, arguments)) return false;
    CHECK_GC_AFTER_CALL();
    goto reload;
  }
  OPCODE(RETURN) {
    uint32_t b = B;
    Value *from = RA;
    int n = b != 0 ? (int)b - 1 : (int)(L->top - from);
    if (HOOKED || UNLIKELY(ci->flags & FRAME_ODD_RETURN)) {
      if (call_return(L, from, n) == AFTER_LEAVE) return false;
      goto reload;
    }
    Value *to = base - 1;
    int wanted = ci->results;
    frame_begin(L, --ci); /* before its function's slot is overwritten */
    if (wanted == MULTIPLE_RESULTS) {
      for (int i = 0; i < n; i++) value_copy(to + i, from + i);
      L->top = to + n;
    } else {
      int i = 0;
      for (; i < n && i < wanted; i++) value_copy(to + i, from + i);
      for (; i < wanted; i++) set_nil(to + i);
    }
    goto returned;
  }
  OPCODE(RETURN0) {
    if (HOOKED || UNLIKELY(ci->flags & FRAME_ODD_RETURN)) {
      if (call_return(L, base, 0) == AFTER_LEAVE) return false;
      goto reload;
    }
    Value *to = base - 1;
    int wanted = ci->results;
    frame_begin(L, --ci); /* before its function's slot is overwritten */
    if (UNLIKELY(wanted != 0)) {
      L->top = to;
      for (; wanted > 0; wanted--) set_nil(to++);
    }
    goto returned;
  }
  OPCODE(RETURN1) {
    if (HOOKED || UNLIKELY(ci->flags & FRAME_ODD_RETURN)) {
      if (call_return(L, RA, 1) == AFTER_LEAVE) return false;
      goto reload;
    }
    Value *to = base - 1;
    int wanted = ci->results;
    frame_begin(L, --ci); /* before its function's slot is overwritten */
    if (LIKELY(wanted != 0)) {
      value_copy(to, RA);
      if (UNLIKELY(wanted != 1)) {
        L->top = ++to;
        for (; wanted > 1; wanted--) set_nil(to++);
      }
    }
  }
returned:
  base = ci->base;
  cl = base[-1].luafn;
  k = cl->proto->constants;
  pc = ci->pc;
  LOAD_COUNTS();
  RETURNED_TO();
  NEXT;

  OPCODE(RETURNC) {
    uint32_t b = B;
    int n = b != 0 ? (int)b - 1 : (int)(L->top - RA);
    SAVE_PC();
    if (slow_return_closing(L, (uint8_t)A, n)) return false;
    goto reload;
  }
  OPCODE(VARARG) {
    SAVE_PC();
    slow_vararg(L, (uint8_t)A, (int)C - 1);
    base = ci->base;
    LOAD_PEAK();
#if COUNT_EDGES
    if (C == 0)
      NOTE_DEPTH(L->top);
    else
      DEPTH(RA + C - 1);
#endif
    NEXT;
  }

  OPCODE(FORPREP) {
    Value *a = RA;
    DEPTH(a + 4);
    ci->pc = pc + 1;
    if (for_prepare(L, a)) JUMP_IF(true);
    pc++;
    NEXT;
  }
  OPCODE(FORLOOP) {
    Value *a = RA;
    if (LIKELY(is_int(a + 2))) {
      uint64_t left = a[1].bits;
      if (LIKELY(left > 0)) {
        int64_t next = (int64_t)((uint64_t)a->i + (uint64_t)a[2].i);
        set_int(a + 1, (int64_t)(left - 1)); /* with their tags: bytecode may have put anything into the loop's slots */
        set_int(a, next);
        set_int(a + 3, next);
        TAKEN();
        pc += JUMP_WORDS;
        NEXT;
      }
    } else if (for_float_step(a)) {
      JUMP_IF(true);
    }
    pc++;
    NEXT;
  }
  OPCODE(TFORPREP) {
    ci->pc = pc + 1;
    Value *a = RA;
    if (UNLIKELY(!is_falsy(a + 3))) variable_mark_tbc(L, a + 3);
    a[3].spare = a[3].tag == TAG_NIL ? 0 : a[3].spare;
    a[0].spare = 0; /* the position that generic traversal by next begins with */
    pc += JUMP_WORDS;
    NEXT;
  }
  OPCODE(TFORCALL) {
    Value *a = RA;
    if (LIKELY(!HOOKED && a->tag == TAG_CFN && is_table(a + 1))) { /* next and ipairs step without a call */
      if (a->cfn->special == SPECIAL_NEXT) {
        CALLED(a->cfn);
        SAVE_PC();
        L->top = a + 7; /* for the error that a bad key is */
        value_copy(a + 4, a + 2);
        set_nil(a + 5);
        if (!table_next(L, a[1].table, a + 4, a + 5, &a->spare)) set_nil(a + 4);
        for (uint32_t i = 2; i < C; i++) set_nil(a + 4 + i);
        DEPTH(a + 4 + C);
        NEXT;
      }
      if (a->cfn->special == SPECIAL_IPAIRS_STEP && is_int(a + 2)) {
        int64_t i = (int64_t)((uint64_t)a[2].i + 1);
        Table *t = a[1].table;
        const Value *found = (uint64_t)i - 1 < t->limit ? &t->array[i - 1] : table_get_int(t, i);
        if (LIKELY(!is_nil(found)) || t->meta == NULL) {
          CALLED(a->cfn);
          value_copy(a + 5, found);
          if (is_nil(found))
            set_nil(a + 4);
          else
            set_int(a + 4, i);
          for (uint32_t j = 2; j < C; j++) set_nil(a + 4 + j);
          DEPTH(a + 4 + C);
          NEXT;
        }
      }
    }
    SAVE_PC();
    value_copy(a + 4, a);
    value_copy(a + 5, a + 1);
    value_copy(a + 6, a + 2);
    L->top = a + 7;
    DEPTH(a + 7);
    CALL_BEGIN(a + 4, 2, (int)C);
  }
  OPCODE(TFORLOOP) {
    Value *a = RA;
    if (LIKELY(!is_nil(a + 4))) {
      value_copy(a + 2, a + 4);
      TAKEN();
      pc += JUMP_WORDS;
      NEXT;
    }
    pc++;
    NEXT;
  }

  OPCODE(CLOSURE) {
    DEPTH(RA + 1);
    SAVE_PC();
    slow_closure(L, cl, cl->proto->protos[BX], base, RA);
    CHECK_GC();
    NEXT;
  }
  OPCODE(CLOSE) {
    SAVE_PC();
    enum After after = slow_close(L, (uint8_t)A);
    if (UNLIKELY(after == AFTER_LEAVE)) return false;
    if (after == AFTER_RUN) goto reload;
    ci = L->frame;
    base = ci->base;
    LOAD_PEAK();
    NEXT;
  }
  OPCODE(TBC) {
    SAVE_PC();
    variable_mark_tbc(L, RA);
    NEXT;
  }

  OPCODE(NOP) { NEXT; }
  OPCODE(DUP) {
    DEPTH(RA + 2);
    value_copy(RA + 1, RA);
    NEXT;
  }
  OPCODE(DROP) {
    set_nil(RA);
    NEXT;
  }
  OPCODE(SWAP) {
    Value *a = RA, kept = *a;
    value_copy(a, a - 1);
    value_copy(a - 1, &kept);
    NEXT;
  }
  OPCODE(OVER) {
    DEPTH(RA + 2);
    value_copy(RA + 1, RA - 1);
    NEXT;
  }
  OPCODE(ROT) {
    Value *a = RA, kept = a[-2];
    value_copy(a - 2, a - 1);
    value_copy(a - 1, a);
    value_copy(a, &kept);
    NEXT;
  }
  OPCODE(DUP2) {
    DEPTH(RA + 3);
    value_copy(RA + 1, RA - 1);
    value_copy(RA + 2, RA);
    NEXT;
  }
  OPCODE(DROP2) {
    set_nil(RA);
    set_nil(RA - 1);
    NEXT;
  }
  OPCODE(SWAP2) {
    Value *a = RA, low = a[-3], high = a[-2];
    value_copy(a - 3, a - 1);
    value_copy(a - 2, a);
    value_copy(a - 1, &low);
    value_copy(a, &high);
    NEXT;
  }
  OPCODE(OVER2) {
    DEPTH(RA + 3);
    value_copy(RA + 1, RA - 3);
    value_copy(RA + 2, RA - 2);
    NEXT;
  }

#if USE_COMPUTED_GOTO
LABEL_interrupt:
  memcpy(vm->dispatch[LOOP_INDEX], labels, sizeof labels);
  ci->pc = pc;
  vm_handle_interrupt(L);
  if (loop_wanted(vm) != LOOP_INDEX) { /* the instruction begins anew, in another loop */
    EVERY(-1);
    ci->flags |= FRAME_REPEATS;
    return true;
  }
  base = L->frame->base;
  ci = L->frame;
  LOAD_PEAK();
  goto *labels[pc[-1] & 0xff]; /* not of `ins`, or its opcode would be kept in a register all the time */
LABEL_invalid:
#else
  case OPCODE_COUNT: break;
  }
#endif
  return false; /* the verifier lets no such opcode pass */
}

#undef DISPATCH
#undef OPCODE
#undef NEXT_WITH
#undef NEXT
#undef NEXT_IN_FRAME
#undef HINTED_NODE
#undef GET_FIELD
#undef ARITHMETIC
#undef WRAP_ADD
#undef WRAP_SUB
#undef WRAP_MUL
#undef FLOAT_ADD
#undef FLOAT_SUB
#undef FLOAT_MUL
#undef DIVIDE
#undef INT_DIVIDE
#undef QUOTIENT
#undef REST
#undef POWER
#undef BITWISE
#undef SHIFT_RIGHT
#undef JUMP_IF
#undef EQUAL
#undef EQUAL_CONSTANT
#undef COMPARE
