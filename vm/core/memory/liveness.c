/* Which slots of a frame are still in use, by following the code backwards. Slots are used like a stack, so one number
   says it: everything below it counts as in use. */
#include "liveness.h"

#include "memory.h"
#include "opcodes.h"

typedef struct Operands {
  int a, b, c;
} Operands;

static inline int larger(int left, int right) { return left > right ? left : right; }
static inline int smaller(int left, int right) { return left < right ? left : right; }

/* One past the highest slot that an instruction reads. With an open number of values that is not known: it is behind
   all slots that were filled before, and the instruction that made the values in the last ones says where they begin. */
static int read_end(uint32_t op, const OpcodeRow *row, Operands o) {
  switch (op) {
  case OP_SETLIST: return o.b == 0 ? UINT8_MAX : o.a + o.b + 1;
  case OP_CONCAT: return o.a + o.b;
  case OP_CALL:
  case OP_TAILCALL: return o.b == 0 ? UINT8_MAX : o.a + o.b;
  case OP_RETURN:
  case OP_RETURNC: return o.b == 0 ? UINT8_MAX : o.a + o.b - 1;
  case OP_FORPREP:
  case OP_FORLOOP:
  case OP_TFORCALL: return o.a + 3;
  case OP_TFORPREP: return o.a + 4;
  case OP_TFORLOOP: return o.a + 5;
  case OP_SWAP:
  case OP_ROT:
  case OP_DUP:
  case OP_OVER:
  case OP_DUP2:
  case OP_SWAP2:
  case OP_OVER2: return o.a + 1;
  default: break;
  }
  int end = 0;
  if (row->a == KIND_R || row->a == KIND_M) end = o.a + 1;
  if (row->b == KIND_R || row->b == KIND_M) end = larger(end, o.b + 1);
  if (row->c == KIND_R || row->c == KIND_M) end = larger(end, o.c + 1);
  return end;
}

/* The range of slots, `from` up to but without `end`, that an instruction surely writes without having read them. */
static int written(uint32_t op, const OpcodeRow *row, Operands o, int *end) {
  switch (op) {
  case OP_CALL: *end = UINT8_MAX; return o.a; /* the callee's frame covers all above */
  case OP_TFORCALL: *end = UINT8_MAX; return o.a + 4;
  case OP_LOADNIL: *end = o.a + o.b + 1; return o.a;
  case OP_SELF: *end = o.a + 2; return o.a;
  case OP_CONCAT: *end = o.a + 1; return o.a;
  case OP_VARARG: *end = o.c == 0 ? UINT8_MAX : o.a + o.c - 1; return o.a;
  case OP_FORPREP: *end = o.a + 4; return o.a + 3;
  case OP_DUP:
  case OP_OVER: *end = o.a + 2; return o.a + 1;
  case OP_DUP2:
  case OP_OVER2: *end = o.a + 3; return o.a + 1;
  case OP_JTMOVE:
  case OP_JFMOVE: *end = 0; return 0; /* only if they jump */
  default: break;
  }
  *end = row->a == KIND_W ? o.a + 1 : 0;
  return o.a;
}

static int after(const Proto *p, const uint8_t *live, uint32_t at, const OpcodeRow *row) {
  uint32_t next = at + row->words;
  int result = 0;
  if (row->flow == FLOW_NEXT || row->flow == FLOW_BRANCH) result = live[next];
  if (row->flow == FLOW_JUMP || row->flow == FLOW_BRANCH) {
    int32_t distance = row->j == KIND_JUMP ? (int32_t)p->code[at] >> 8 : (int32_t)p->code[at + 1];
    result = larger(result, live[(int64_t)next + distance]);
  }
  return result;
}

/* One pass over the instructions, last first; true if it changed anything. `starts` marks first words. */
static bool pass(const Proto *p, uint8_t *live, const uint8_t *starts) {
  bool changed = false;
  for (uint32_t at = p->word_count; at-- > 0;) {
    if (!starts[at]) continue;
    uint32_t word = p->code[at], op = word & 0xFF;
    const OpcodeRow *row = &OPCODE_ROWS[op];
    Operands o = {(int)(word >> 8 & 0xFF), (int)(word >> 16 & 0xFF), (int)(word >> 24)};
    int in_use = after(p, live, at, row);
    int end, from = written(op, row, o, &end);
    if (in_use <= end) in_use = smaller(in_use, from);
    in_use = smaller(larger(in_use, read_end(op, row, o)), p->slots);
    if (in_use == live[at]) continue;
    live[at] = (uint8_t)in_use;
    if (row->words == 2) live[at + 1] = (uint8_t)in_use;
    changed = true;
  }
  return changed;
}

const uint8_t *live_slots(Proto *p) {
  if (p->live != NULL) return p->live;
  uint8_t *live = memory_uncounted(p->word_count, 2);
  if (live == NULL) return NULL;
  uint8_t *starts = live + p->word_count;
  for (uint32_t at = 0; at < p->word_count; at += OPCODE_ROWS[p->code[at] & 0xFF].words) starts[at] = 1;
  while (pass(p, live, starts)) continue;
  for (uint32_t i = 0; i < p->local_count; i++) {
    const LocalDesc *local = &p->locals[i];
    for (uint32_t at = local->first_pc; at < local->end_pc && at < p->word_count; at++)
      if (live[at] <= local->slot) live[at] = (uint8_t)(local->slot + 1);
  }
  p->live = live;
  return live;
}

void live_slots_free(Proto *p) {
  memory_uncounted_free(p->live);
  p->live = NULL;
}
