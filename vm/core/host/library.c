/* The shared library that stands in for liblua5.4.so.0: when it is loaded, and when the process ends. */
#include "cache.h"
#include "profiles.h"

__attribute__((constructor)) static void load(void) {
  cache_know();
  profiles_open(server_know());
}

/* After what the host does at its end, which may close its machines. */
__attribute__((destructor)) static void unload(void) { profiles_close(); }
