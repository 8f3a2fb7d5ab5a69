/* How a running program is stopped from outside, and how it ends when it has run into a limit. */
#include "interrupt.h"

#include <inttypes.h>
#include <stdio.h>

#include "call.h"
#include "debuginfo.h"
#include "memory/memory.h"
#include "push.h"

void limit_text(const VM *vm, int reason, char out[LIMIT_TEXT]) {
  static const char *const units[] = {"", "K", "M", "G"};
  if (reason == INTERRUPT_TIMEOUT) {
    snprintf(out, LIMIT_TEXT, "time limit of %g s exceeded", vm->time_limit);
  } else if (reason == INTERRUPT_INSTRUCTIONS) {
    snprintf(out, LIMIT_TEXT, "limit of %" PRIu64 " instructions exceeded", vm->instruction_limit);
  } else {
    size_t limit = vm->allocator->limit;
    int unit = 0;
    for (; unit < 3 && limit > 0 && limit % 1024 == 0; unit++) limit /= 1024;
    snprintf(out, LIMIT_TEXT, "not enough memory: the limit is %zu%s", limit, units[unit]);
  }
}

/* Leaves the error value of a limit on the top. */
static void limit_message_body(Thread *L, void *context) {
  const char *text = context;
  CFunction tracer = L->vm->tracer;
  if (tracer != NULL) push_function(L, tracer, "error handler", 0);
  push_where(L, L->frame->kind == FRAME_LUA ? 0 : 1);
  push_format(L, "%s%s", L->top[-1].str->text, text);
  value_copy(L->top - 2, L->top - 1);
  L->top--;
  if (tracer != NULL) call_value(L, 1, 1);
}

void error_limit(Thread *L, int reason) {
  VM *vm = L->vm;
  char text[LIMIT_TEXT];
  limit_text(vm, reason, text);
  vm->ended = reason;
  top_above_frame(L);
  size_t limit = vm->allocator->limit;
  vm->allocator->limit = SIZE_MAX; /* the message must find room, and levels of calls */
  if (vm->c_depth > MAX_C_DEPTH / 2) vm->c_depth = MAX_C_DEPTH / 2;
  L->nesting = 0; /* nothing catches the error */
  call_protected_body(L, limit_message_body, text);
  vm->allocator->limit = limit;
  error_throw_status(L, STATUS_LIMIT);
}

void vm_interrupt(VM *vm, int reasons) {
  atomic_fetch_or(&vm->interrupt, reasons);
  for (int loop = 0; loop < LOOP_COUNT; loop++) {
    const void *label = vm->interrupt_label[loop];
    for (int i = 0; label != NULL && i < 256; i++) vm->dispatch[loop][i] = label;
  }
}

void vm_handle_interrupt(Thread *L) {
  VM *vm = L->vm;
  int reasons = atomic_exchange(&vm->interrupt, 0);
  if (reasons == 0) return;
  top_above_frame(L);
  for (int reason = INTERRUPT_TIMEOUT; reason <= reasons; reason *= 2)
    if (reasons & reason) error_limit(L, reason);
  if (reasons & INTERRUPT_STOP) error_library(L, "interrupted!") /* at the caller, as the reference's hook says it */;
}
