/* What trace mode's probe costs: measured in the dispatch loop itself, with bytecode whose instructions are known.

   A probe takes several times as long as a cheap instruction, and the processor works at both at once: beside a probe
   such an instruction takes no time at all. So what a probe adds is not what it takes elsewhere, but how much longer the
   same instructions take with probes than without. What one takes without is kept too: for one that a probe hides it is
   all that can be said. */
#include <string.h>

#include "call.h"
#include "chunk.h"
#include "memory/gc.h"
#include "memory/memory.h"
#include "objects/table.h"
#include "opcodes.h"
#include "profiler/profiler.h"

#define ROUNDS 24 /* the least of so many counts: whatever disturbs one makes it longer */
#define LOOPS 200 /* iterations of the bytecode's loop in a round */

#define ABC(name, a, b, c) (OP_##name | (uint32_t)(a) << 8 | (uint32_t)(b) << 16 | (uint32_t)(c) << 24)
#define ABX(name, a, bx) (OP_##name | (uint32_t)(a) << 8 | (uint32_t)(bx) << 16)

/* function(t, f)
     local x, y = 1, 100
     for i = 1, LOOPS do x = x * 3 y = y + t[1] - i x = f(x) % 1000003 if x == y then break end end -- it never breaks
   end
   In the slots: 0 t, 1 f, 2 x, 3 y, 4 to 7 the loop's, 8 and 9 operands. */
static const uint32_t LOOP_CODE[] = {
    ABX(LOADI, 2, 1),    ABX(LOADI, 3, 100),   ABX(LOADI, 4, 1),    ABX(LOADI, 5, LOOPS), ABX(LOADI, 6, 1),
    ABX(FORPREP, 4, 0),  12,                  ABC(MULK, 2, 2, 0),  ABC(GETINT, 8, 0, 1), ABC(ADD, 3, 3, 8),
    ABC(SUB, 3, 3, 7),   ABC(MOVE, 8, 1, 0),  ABC(MOVE, 9, 2, 0),  ABC(CALL, 8, 2, 2),   ABC(MODK, 2, 8, 1),
    ABC(JEQ, 2, 3, 0),   2,                   ABX(FORLOOP, 4, 0),  (uint32_t)-12,        ABC(RETURN0, 0, 0, 0),
};
static const int64_t CONSTANTS[] = {3, 1000003};
/* function(a) return a end */
static const uint32_t SAME_CODE[] = {ABC(RETURN1, 0, 0, 0)};
enum { LOOP_INSTRUCTIONS = 11, LOOP_SLOTS = 10 }; /* in an iteration, those of the called function included */

static void push_code(Thread *L, const uint32_t *code, uint32_t words, uint8_t parameters, uint8_t slots) {
  stack_reserve(L, 1);
  Proto *p = proto_new(L);
  LuaFn *f = gc_new_object(L, TAG_LUAFN, sizeof(LuaFn));
  f->upvalue_count = 0;
  f->gray_next = NULL;
  f->proto = p;
  set_object(L->top, f, TAG_LUAFN);
  L->top++;
  p->code = memory_allocate(L, words * sizeof *code);
  memcpy(p->code, code, words * sizeof *code);
  p->word_count = words;
  p->constants = memory_allocate(L, sizeof CONSTANTS / sizeof *CONSTANTS * sizeof(Value));
  for (; p->constant_count < sizeof CONSTANTS / sizeof *CONSTANTS; p->constant_count++)
    set_int(&p->constants[p->constant_count], CONSTANTS[p->constant_count]);
  p->parameters = parameters;
  p->slots = slots;
  chunk_verify(L, p, "calibration");
}

/* The least time of a call of the loop below the top, with a table and the function that it calls. */
static uint64_t least_ticks(Thread *L) {
  uint64_t least = UINT64_MAX;
  for (int round = 0; round < ROUNDS; round++) {
    stack_reserve(L, 3);
    for (int i = 0; i < 3; i++) value_copy(&L->top[i], &L->top[i - 3]);
    L->top += 3;
    uint64_t begun = profiler_stamp();
    call_value(L, 2, 0);
    uint64_t spent = profiler_stamp() - begun;
    if (spent < least) least = spent;
  }
  return least;
}

static void measure(Thread *L, void *context) {
  ProbeCost *cost = context;
  push_code(L, LOOP_CODE, sizeof LOOP_CODE / sizeof *LOOP_CODE, 2, LOOP_SLOTS);
  Value one;
  set_int(&one, 1);
  stack_reserve(L, 1);
  Table *t = table_new(L, 1, 0);
  set_table(L->top++, t);
  table_set_int(L, t, 1, &one);
  push_code(L, SAME_CODE, 1, 1, 1);
  uint64_t without = least_ticks(L);
  if (profiler_start_uncalibrated(L->vm) != PROFILER_STARTED) error_memory(L);
  profiler_enter(L->vm);
  uint64_t with = least_ticks(L);
  profiler_leave(L->vm);
  const double instructions = (double)LOOPS * LOOP_INSTRUCTIONS;
  cost->added_ticks = with > without ? (double)(with - without) / instructions : 0;
  cost->hidden_ticks = (double)without / instructions;
}

bool calibrate_probe(ProbeCost *cost) {
  VM *vm = vm_new(); /* one of its own: what it allocates is not the program's */
  if (vm == NULL) return false;
  int status = call_protected_body(vm->main, measure, cost);
  vm_delete(vm);
  return status == STATUS_OK;
}
