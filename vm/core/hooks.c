/* Events for debug.sethook: when they happen and how the hook function is called. */
#include "hooks.h"

#include "api.h"
#include "call.h"
#include "interpreter.h"
#include "str.h"
#include "table.h"

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

/* Calls the hook function with an event and a line (0: none), above everything that the thread's frame uses. */
static void handle_event(Thread *L, const char *event, int line) {
  if (L->hooked_frame != 0) return;
  Value thread;
  thread.thread = L;
  thread.tag = TAG_THREAD;
  const Value *hook = table_get(hook_table(L), &thread);
  if (!is_function(hook)) return;
  ptrdiff_t top = L->top - L->stack;
  const Frame *f = L->frame;
  if (f->kind == FRAME_LUA) {
    const Value *end = f->base + f->base[-1].luafn->proto->slots;
    if (L->top < end) L->top = L->stack + (end - L->stack);
  }
  stack_reserve(L, 4);
  L->hooked_frame = (size_t)(L->frame - L->frames);
  push_value(L, hook);
  push_text(L, event);
  if (line > 0)
    push_int(L, line);
  else
    push_nil(L);
  call_value(L, 2, 0);
  L->hooked_frame = 0;
  L->top = L->stack + top;
}

static void line_event(Thread *L) {
  const Frame *f = L->frame;
  const Proto *p = f->base[-1].luafn->proto;
  uint32_t at = running_word(f);
  uint32_t before = L->hook_pc < p->word_count ? L->hook_pc : 0;
  L->hook_pc = at;
  if (at <= before || (p->lines != NULL && p->lines[at] != p->lines[before]))
    handle_event(L, "line", p->lines != NULL ? (int)p->lines[at] : 0);
  L->hook_pc = at;
}

void hook_instruction(Thread *L) {
  VM *vm = L->vm;
  if (vm->instructions_limited && vm->instructions_left-- == 0) {
    vm->instructions_limited = false;
    atomic_fetch_or(&vm->interrupt, INTERRUPT_INSTRUCTIONS);
    vm_handle_interrupt(L);
  }
  if (L->hooked_frame != 0) return;
  if (L->hook_mask & HOOK_COUNT && --L->hook_left <= 0) {
    L->hook_left = L->hook_every;
    handle_event(L, "count", 0);
  }
  if (L->hook_mask & HOOK_LINE) line_event(L);
}

void hook_call(Thread *L, bool is_tail_call, int arguments) {
  L->hook_pc = 0;
  if (!(L->hook_mask & HOOK_CALL) || L->hooked_frame != 0) return;
  L->transfer_first = 1;
  L->transfer_count = (uint32_t)arguments;
  handle_event(L, is_tail_call ? "tail call" : "call", 0);
  L->hook_pc = 0;
}

Value *hook_return(Thread *L, Value *from, int n) {
  if (L->hook_mask == 0) return from;
  if (L->hook_mask & HOOK_RETURN && L->hooked_frame == 0) {
    ptrdiff_t offset = from - L->stack;
    if (L->top < from + n) L->top = from + n;
    L->transfer_first = (uint32_t)(from - L->frame->base) + 1;
    L->transfer_count = (uint32_t)n;
    handle_event(L, "return", 0);
    from = L->stack + offset;
  }
  const Frame *caller = L->frame - 1;
  if (caller > L->frames && caller->kind == FRAME_LUA) L->hook_pc = running_word(caller);
  return from;
}
