/* Where warnings go. */
#include "warning.h"

#include <stdio.h>
#include <string.h>

void vm_warn(VM *vm, const char *message, bool to_be_continued) {
  if (vm->warn != NULL) {
    vm->warn(vm->warn_context, message, to_be_continued);
    return;
  }
  if (!vm->warning_continues && !to_be_continued && *message == '@') {
    if (strcmp(message, "@on") == 0) vm->warnings_on = true;
    if (strcmp(message, "@off") == 0) vm->warnings_on = false;
    return;
  }
  if (!vm->warnings_on) return;
  if (!vm->warning_continues) fputs("Lua warning: ", stderr);
  fputs(message, stderr);
  vm->warning_continues = to_be_continued;
  if (to_be_continued) return;
  putc('\n', stderr);
  fflush(stderr);
}
