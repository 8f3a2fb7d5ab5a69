/* Which slots of a frame are still in use, by following the code backwards. Slots are used like a stack, so one number
   says it: everything below it counts as in use. */
#include "liveness.h"

#include "memory.h"
#include "opcodes.h"

static inline int larger(int left, int right) { return left > right ? left : right; }
static inline int smaller(int left, int right) { return left < right ? left : right; }

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
    int a = (int)(word >> 8 & 0xFF), b = (int)(word >> 16 & 0xFF), c = (int)(word >> 24);
    int in_use = after(p, live, at, row);
    /* What one that may jump writes is not sure. */
    if (row->flow != FLOW_BRANCH && in_use <= opcode_written_end(op, a, b, c))
      in_use = smaller(in_use, opcode_written_from(op, a, b, c));
    /* Where an open number of values is read, the instruction that made them says where they begin. */
    in_use = smaller(larger(in_use, opcode_read_end(op, a, b, c)), p->slots);
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
