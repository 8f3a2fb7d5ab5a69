/* Events for debug.sethook: when they happen and how the hook function is called. */
#include "hooks.h"

#include "call.h"
#include "interrupt.h"
#include "objects/str.h"
#include "objects/table.h"
#include "opcodes.h"
#include "profiler/profiler.h"
#include "push.h"

/* The last word that has been read of the instruction that a frame executes. */
static uint32_t running_word(const Frame *f) {
  ptrdiff_t next = f->pc - f->base[-1].luafn->proto->code;
  return next > 0 ? (uint32_t)next - 1 : 0;
}

void hook_set(Thread *of, uint8_t mask, int every) {
  VM *vm = of->vm;
  vm->hooked_threads += (mask != 0) - (size_t)(of->hook_mask != 0);
  of->hook_mask = mask;
  of->hook_every = of->hook_left = every;
  const Frame *f = of->frame;
  if (f->kind != FRAME_LUA && f > of->frames) f--; /* of sethook itself: its caller's line has begun already */
  of->hook_pc = f->kind == FRAME_LUA && f > of->frames ? running_word(f) : 0;
  vm_interrupt(vm, 0); /* the running loop may not be the right one any more */
}

Table *hook_table(Thread *L) {
  Table *registry = L->vm->registry.table;
  Str *key = str_from(L, "_HOOKKEY");
  const Value *found = table_get_str(registry, key);
  if (is_table(found)) return found->table;
  Table *hooks = table_new(L, 0, 1);
  Value v;
  set_table(&v, hooks);
  table_set_str(L, registry, key, &v);
  set_str(&v, str_from(L, "k"));
  table_set_str(L, hooks, str_from(L, "__mode"), &v);
  hooks->meta = hooks;
  return hooks;
}

static void top_above_used(Thread *L) {
  const Frame *f = L->frame;
  if (f->kind != FRAME_LUA) return;
  const Value *end = f->base + f->base[-1].luafn->proto->slots;
  if (L->top < end) L->top = L->stack + (end - L->stack);
}

/* A C function of the stock API: its stack is what is above everything that the thread's frame uses. */
static void call_foreign(Thread *L, enum HookEvent event, int line) {
  ptrdiff_t old = L->hook_top, top = L->top - L->stack;
  top_above_used(L);
  stack_reserve(L, MIN_C_SLOTS);
  L->hooked_frame = (size_t)(L->frame - L->frames);
  L->hook_top = top;
  if (UNLIKELY(L->vm->mode == MODE_SAMPLE)) foreign_begin(L->vm); /* no signals, as around a module's functions */
  L->vm->call_foreign_hook(L, event, line);
  foreign_pause(L->vm);
  L->hooked_frame = 0;
  L->hook_top = old;
  L->top = L->stack + top;
}

/* Calls the hook function with an event and a line (0: none), above everything that the thread's frame uses. */
static void handle_event(Thread *L, enum HookEvent event, int line) {
  static const char *const names[] = {"call", "return", "line", "count", "tail call"};
  if (L->hooked_frame != 0 || L->hooks_rest) return;
  if (L->foreign_hook != NULL) {
    call_foreign(L, event, line);
    return;
  }
  Value thread;
  set_object(&thread, L, TAG_THREAD);
  const Value *hook = table_get(hook_table(L), &thread);
  if (!is_function(hook)) return;
  ptrdiff_t top = L->top - L->stack;
  top_above_used(L);
  stack_reserve(L, 4);
  L->hooked_frame = (size_t)(L->frame - L->frames);
  push_value(L, hook);
  push_text(L, names[event]);
  if (line > 0)
    push_int(L, line);
  else
    push_nil(L);
  call_value(L, 2, 0);
  L->hooked_frame = 0;
  L->top = L->stack + top;
}

/* A loop's jump back is charged to the loop's head, above the instruction that stands before it; it begins no line. */
static bool is_jump_to_loop_head(const Proto *p, uint32_t at) {
  if (p->lines == NULL || at == 0) return false;
  return OPCODE_ROWS[p->code[at] & 0xff].flow == FLOW_JUMP && p->lines[at] < p->lines[at - 1];
}

/* The reference goes from the beginning of a loop with `in` straight to its first call, which begins no line. */
static bool is_first_of_loop(const Proto *p, uint32_t before, uint32_t at) {
  return (p->code[at] & 0xff) == OP_TFORCALL && (p->code[before] & 0xff) == OP_TFORPREP;
}

/* A `while` loop, whose test stands behind its body: the reference has it before the body, and an instruction behind the
   body that jumps back. Events are as there. */
typedef struct Loop {
  uint32_t line; /* of the jump back */
  uint32_t test; /* pcs; of a loop without a test its jump back is there */
  uint32_t body;
} Loop;

/* The loop that stands so far from the end of a function's ranges (see proto.py); false beyond the last. */
static bool loop_at(const Proto *p, uint32_t from_end, Loop *loop) {
  if (from_end >= p->range_count) return false;
  const uint32_t *range = p->ranges + (size_t)(p->range_count - 1 - from_end) * RANGE_NUMBERS;
  if (range[1] != 0) return false;
  *loop = (Loop){range[0], range[2], range[3]};
  return loop->test < p->word_count && loop->body <= p->word_count;
}

static bool is_jump(const Proto *p, uint32_t at) { return (p->code[at] & 0xff) == OP_JMP; }

/* The jump before a body that leads to the test, where a loop begins. */
static bool is_loop_entry(const Proto *p, const Loop *loop, uint32_t at) {
  if (at + 1 != loop->body || loop->body >= loop->test || !is_jump(p, at)) return false;
  return (int64_t)loop->body + ((int32_t)p->code[at] >> 8) == loop->test;
}

/* Whether a body begins at `at`, or with a loop whose test is there: what leads to a jump leads to its target. */
static bool begins_at(const Proto *p, const Loop *loop, uint32_t at) {
  uint32_t body = loop->body;
  if (body == at) return true;
  return body < p->word_count && is_jump(p, body) && (int64_t)body + 1 + ((int32_t)p->code[body] >> 8) == at;
}

/* The loop whose body begins at `at` and whose test has led there from `before`; false if there is none. */
static bool loop_begun_again(const Proto *p, uint32_t before, uint32_t at, Loop *found) {
  bool any = false;
  Loop loop;
  for (uint32_t i = 0; loop_at(p, i, &loop); i++)
    if (begins_at(p, &loop, at) && loop.test <= before && !is_jump(p, loop.test) && (!any || loop.test > found->test)) {
      *found = loop;
      any = true;
    }
  return any;
}

/* Whether the instruction at `before` ends where one is at `at`. The end of another loop does not: there, the reference has
   a jump out, which leads past a jump back. */
static bool falls(const Proto *p, uint32_t before, uint32_t at) {
  const OpcodeRow *row = &OPCODE_ROWS[p->code[before] & 0xff];
  if (before + row->words < at) return false;
  if (row->flow != FLOW_BRANCH || row->words != 2) return true;
  uint32_t target = before + 2 + p->code[before + 1];
  Loop loop;
  for (uint32_t i = 0; loop_at(p, i, &loop); i++)
    if (loop.test <= before && begins_at(p, &loop, target)) return false;
  return true;
}

static void begin_line(Thread *L, uint32_t at, uint32_t line) {
  L->hook_pc = at;
  handle_event(L, EVENT_LINE, (int)line);
  L->hook_pc = at;
}

static void line_event(Thread *L) {
  const Frame *f = L->frame;
  const Proto *p = f->base[-1].luafn->proto;
  uint32_t at = running_word(f);
  uint32_t before = L->hook_pc < p->word_count ? L->hook_pc : 0;
  bool begins = at <= before;
  if (p->lines == NULL) {
    L->hook_pc = at;
    if (begins) begin_line(L, at, 0);
    return;
  }
  uint32_t line = p->lines[at], line_before = p->lines[before];
  Loop loop;
  for (uint32_t i = 0; loop_at(p, i, &loop); i++) {
    if (is_loop_entry(p, &loop, at)) line = p->lines[loop.test]; /* the test's turn is now: */
    if (loop.test != at || loop.body == at) continue;
    if (is_loop_entry(p, &loop, before)) {
      L->hook_pc = at;
      return;
    }
    if (before < loop.body || before > at) continue;
    if (falls(p, before, at) && loop.line != line_before) begin_line(L, at, loop.line);
    L->hook_pc = at;
    if (is_jump(p, at)) return;
    begins = true;
  }
  if (begins && loop_begun_again(p, before, at, &loop)) {
    begins = loop.test == at; /* a body without instructions */
    if (begins && loop.line != line_before) begin_line(L, at, loop.line);
  } else if (is_jump_to_loop_head(p, at)) {
    return;
  }
  L->hook_pc = at;
  if (is_first_of_loop(p, before, at)) return;
  if (begins || line != line_before) begin_line(L, at, line);
}

void hook_instruction(Thread *L) {
  VM *vm = L->vm;
  if (vm->instructions_limited && vm->instructions_left-- == 0) {
    vm->instructions_limited = false;
    profiler_not_begun(vm, L->frame);
    atomic_fetch_or(&vm->interrupt, INTERRUPT_INSTRUCTIONS);
    vm_handle_interrupt(L);
  }
  if (L->hook_yielded) {
    L->hook_yielded = false;
    return;
  }
  uint8_t mask = L->hook_mask; /* a hook function may change it for what follows */
  if (mask & HOOK_COUNT && --L->hook_left <= 0) { /* a hook function's own instructions count too */
    L->hook_left = L->hook_every;
    handle_event(L, EVENT_COUNT, 0);
  }
  if (L->hooked_frame != 0) return;
  if (mask & HOOK_LINE) line_event(L);
}

void hook_call(Thread *L, bool is_tail_call, int arguments) {
  L->hook_pc = 0;
  if (!(L->hook_mask & HOOK_CALL) || L->hooked_frame != 0) return;
  L->transfer_first = 1;
  L->transfer_count = (uint32_t)arguments;
  handle_event(L, is_tail_call ? EVENT_TAIL_CALL : EVENT_CALL, 0);
  L->hook_pc = 0;
}

Value *hook_return(Thread *L, Value *from, int n) {
  if (L->hook_mask == 0) return from;
  if (L->hook_mask & HOOK_RETURN && L->hooked_frame == 0) {
    ptrdiff_t offset = from - L->stack;
    if (L->top < from + n) L->top = from + n;
    L->transfer_first = (uint32_t)(from - L->frame->base) + 1;
    L->transfer_count = (uint32_t)n;
    handle_event(L, EVENT_RETURN, 0);
    from = L->stack + offset;
  }
  const Frame *caller = L->frame - 1;
  if (caller > L->frames && caller->kind == FRAME_LUA) L->hook_pc = running_word(caller);
  return from;
}
