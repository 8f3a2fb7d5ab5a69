/* All standard libraries at once. */
#include "api.h"

void open_libraries(Thread *L) {
  open_base(L);
  open_package(L);
  open_coroutine(L);
  open_table(L);
  open_io(L);
  open_os(L);
  open_string(L);
  open_math(L);
  open_utf8(L);
  open_debug(L);
  open_filesystem(L);
  open_profiler(L);
}
