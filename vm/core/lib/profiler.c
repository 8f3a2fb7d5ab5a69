/* The module perilune.profiler: a program says which of its parts are measured. Without a profile all of it does nothing.

   `start` and `stop` go on with and pause the profile that runs; `zone(name)` marks a part until its `close`. */
#include <string.h>

#include "api.h"
#include "profiler/profiler.h"

static const char zone_key[] = "perilune.profiler zone";

/* A zone's userdata; `profile` is the number of the profile that it is part of, 0 once it is closed. */
typedef struct OpenZone {
  uint32_t profile;
  uint32_t index;
} OpenZone;

static int library_start(Thread *L, Value *args, int count) {
  (void)args;
  (void)count;
  profiler_resume(L->vm);
  return 0;
}

static int library_stop(Thread *L, Value *args, int count) {
  (void)args;
  (void)count;
  profiler_pause(L->vm);
  return 0;
}

static int library_is_running(Thread *L, Value *args, int count) {
  (void)args;
  (void)count;
  push_bool(L, profiler_is_measuring(L->vm));
  return 1;
}

static Table *zone_metatable(Thread *L) {
  return table_get_str(L->vm->registry.table, str_from(L, zone_key))->table;
}

static int library_zone(Thread *L, Value *args, int count) {
  Str *name = arg_str(L, args, count, 1);
  Userdata *u = push_userdata(L, sizeof(OpenZone), 0);
  u->meta = zone_metatable(L);
  OpenZone *zone = u->data;
  uint32_t index = profiler_zone_begin(L->vm, name->text, str_length(name));
  if (index != NO_ZONE) *zone = (OpenZone){L->vm->allocator->profile, index};
  return 1;
}

static int zone_close(Thread *L, Value *args, int count) {
  if (count == 0 || args[0].tag != TAG_USERDATA || args[0].userdata->meta != zone_metatable(L))
    error_argument_type(L, 1, "zone");
  OpenZone *zone = args[0].userdata->data;
  if (zone->profile != 0 && zone->profile == L->vm->allocator->profile) profiler_zone_end(L->vm, zone->index);
  zone->profile = 0;
  return 0;
}

static int open_module(Thread *L, Value *args, int count) {
  (void)args;
  (void)count;
  Table *registry = L->vm->registry.table;
  Table *meta = table_new(L, 0, 4);
  push_table(L, meta);
  set_function(L, meta, "__close", zone_close, "profiler.zone.close");
  set_function(L, meta, "close", zone_close, "profiler.zone.close");
  push_table(L, meta);
  set_from_top(L, meta, "__index");
  push_text(L, "profiler zone");
  set_from_top(L, meta, "__name");
  set_from_top(L, registry, zone_key);
  Table *library = table_new(L, 0, 4);
  push_table(L, library);
  set_function(L, library, "start", library_start, "profiler.start");
  set_function(L, library, "stop", library_stop, "profiler.stop");
  set_function(L, library, "zone", library_zone, "profiler.zone");
  set_function(L, library, "is_running", library_is_running, "profiler.is_running");
  return 1;
}

void open_profiler(Thread *L) {
  const Value *preload = table_get_str(L->vm->registry.table, str_from(L, "_PRELOAD"));
  set_function(L, preload->table, "perilune.profiler", open_module, "perilune.profiler");
}
