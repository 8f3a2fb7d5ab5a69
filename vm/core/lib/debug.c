/* The debug library. */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "machine/hooks.h"
#include "objects/serial.h"

#define LINE_SIZE 250 /* of a line typed into debug.debug */

/* The thread that a function works on: its optional first argument, else the running one. *skipped counts that
   argument. */
static Thread *optional_thread(Thread *L, const Value *args, int count, int *skipped) {
  *skipped = count > 0 && args[0].tag == TAG_THREAD;
  return *skipped ? args[0].thread : L;
}

static int debug_getregistry(Thread *L, Value *args, int count) {
  (void)args;
  (void)count;
  push_value(L, &L->vm->registry);
  return 1;
}

static int debug_getmetatable(Thread *L, Value *args, int count) {
  arg_any(L, args, count, 1);
  Table *meta = metatable_of(L->vm, &args[0]);
  if (meta)
    push_table(L, meta);
  else
    push_nil(L);
  return 1;
}

static int debug_setmetatable(Thread *L, Value *args, int count) {
  if (count < 2 || (!is_nil(&args[1]) && !is_table(&args[1]))) error_argument_type(L, 2, "nil or table");
  metatable_set(L, &args[0], &args[1]);
  L->top = args + 1;
  return 1;
}

static int debug_getuservalue(Thread *L, Value *args, int count) {
  int64_t n = arg_int_or(L, args, count, 2, 1);
  if (count == 0 || args[0].tag != TAG_USERDATA || n < 1 || n > args[0].userdata->user_value_count) {
    push_nil(L);
    return 1;
  }
  push_value(L, &args[0].userdata->user_values[n - 1]);
  push_bool(L, true);
  return 2;
}

static int debug_setuservalue(Thread *L, Value *args, int count) {
  int64_t n = arg_int_or(L, args, count, 3, 1);
  if (count == 0 || args[0].tag != TAG_USERDATA) error_argument_type(L, 1, "userdata");
  arg_any(L, args, count, 2);
  Userdata *u = args[0].userdata;
  if (n < 1 || n > u->user_value_count) {
    push_nil(L);
    return 1;
  }
  value_copy(&u->user_values[n - 1], &args[1]);
  gc_barrier_value(L, u, &args[1]);
  L->top = args + 1;
  return 1;
}

/* Sets a field of the table on the top. */
static void set_field(Thread *L, const char *key, const Value *v) {
  table_set_str(L, L->top[-1].table, str_from(L, key), v);
}

static void set_text_field(Thread *L, const char *key, const char *text, size_t length) {
  Value v;
  set_str(&v, str_new(L, text, length));
  set_field(L, key, &v);
}

static void set_int_field(Thread *L, const char *key, int64_t n) {
  Value v;
  set_int(&v, n);
  set_field(L, key, &v);
}

static void set_bool_field(Thread *L, const char *key, bool b) {
  Value v;
  set_bool(&v, b);
  set_field(L, key, &v);
}

static void set_source_fields(Thread *L, const Proto *p) {
  const char *source = "=[C]";
  size_t length = 4;
  const char *what = "C";
  char shown[SOURCE_TEXT];
  if (p) {
    source = p->source ? p->source->text : "=?";
    length = p->source ? str_length(p->source) : 2;
    what = p->first_line == 0 ? "main" : "Lua";
  }
  source_display(shown, source, length);
  set_text_field(L, "source", source, length);
  set_text_field(L, "short_src", shown, strlen(shown));
  set_int_field(L, "linedefined", p ? p->first_line : -1);
  set_int_field(L, "lastlinedefined", p ? p->last_line : -1);
  set_text_field(L, "what", what, strlen(what));
}

static void set_line_fields(Thread *L, const Proto *p) {
  if (!p) return;
  push_active_lines(L, p);
  Value lines = *--L->top;
  set_field(L, "activelines", &lines);
}

static int debug_getinfo(Thread *L, Value *args, int count) {
  int skipped;
  Thread *of = optional_thread(L, args, count, &skipped);
  const Str *options_text = arg_str_or_null(L, args, count, skipped + 2);
  const char *options = options_text ? options_text->text : "flnSrtu";
  if (*options == '>') error_argument(L, skipped + 2, "invalid option '>'");
  Frame *frame = NULL;
  Value function;
  if (count > skipped && is_function(&args[skipped])) {
    value_copy(&function, &args[skipped]);
  } else {
    frame = frame_at_level(of, (int)arg_int(L, args, count, skipped + 1));
    if (!frame) {
      push_nil(L);
      return 1;
    }
    value_copy(&function, frame->base - 1);
  }
  if (strspn(options, "SlutnrLf") != strlen(options)) error_argument(L, skipped + 2, "invalid option");
  const Proto *p = function.tag == TAG_LUAFN ? function.luafn->proto : NULL;
  push_table(L, table_new(L, 0, 16));
  if (strchr(options, 'S')) set_source_fields(L, p);
  if (strchr(options, 'l')) set_int_field(L, "currentline", frame ? frame_line(of, frame) : -1);
  if (strchr(options, 'u')) {
    set_int_field(L, "nups", p ? p->upvalue_count : function.tag == TAG_CFN ? function.cfn->upvalue_count : 0);
    set_int_field(L, "nparams", p ? p->parameters : 0);
    set_bool_field(L, "isvararg", p ? p->is_vararg : true);
  }
  if (strchr(options, 'n')) {
    const char *name = NULL;
    const char *kind = frame ? frame_function_name(of, frame, &name) : NULL;
    if (kind) set_text_field(L, "name", name, strlen(name));
    set_text_field(L, "namewhat", kind ? kind : "", kind ? strlen(kind) : 0);
  }
  if (strchr(options, 'r')) {
    bool transfers = frame && (size_t)(frame - of->frames) == of->hooked_frame && of->transfer_count > 0;
    set_int_field(L, "ftransfer", transfers ? of->transfer_first : 0);
    set_int_field(L, "ntransfer", transfers ? of->transfer_count : 0);
  }
  if (strchr(options, 't')) set_bool_field(L, "istailcall", frame && frame->flags & FRAME_TAIL);
  if (strchr(options, 'L')) set_line_fields(L, p);
  if (strchr(options, 'f')) set_field(L, "func", &function);
  return 1;
}

static Frame *arg_level(Thread *L, const Value *args, int count, int n, Thread *of) {
  int64_t level = arg_int(L, args, count, n);
  Frame *frame = frame_at_level(of, (int)level);
  if (!frame) error_argument(L, n, "level out of range");
  return frame;
}

static int debug_getlocal(Thread *L, Value *args, int count) {
  int skipped;
  Thread *of = optional_thread(L, args, count, &skipped);
  int64_t n = (int)arg_int(L, args, count, skipped + 2);
  const char *name = NULL;
  if (is_function(&args[skipped])) {
    const LuaFn *function = args[skipped].luafn;
    name = args[skipped].tag == TAG_LUAFN ? proto_local_name(function->proto, (int)n, 0) : NULL;
    if (name)
      push_text(L, name);
    else
      push_nil(L);
    return 1;
  }
  const Value *place = frame_local(of, arg_level(L, args, count, skipped + 1, of), n, &name);
  if (!place) {
    push_nil(L);
    return 1;
  }
  push_text(L, name);
  push_value(L, place);
  return 2;
}

static int debug_setlocal(Thread *L, Value *args, int count) {
  int skipped;
  Thread *of = optional_thread(L, args, count, &skipped);
  arg_int(L, args, count, skipped + 1); /* the order in which arguments are checked */
  int64_t n = (int)arg_int(L, args, count, skipped + 2);
  const Frame *frame = arg_level(L, args, count, skipped + 1, of);
  arg_any(L, args, count, skipped + 3);
  const char *name = NULL;
  Value *place = frame_local(of, frame, n, &name);
  if (!place) {
    push_nil(L);
    return 1;
  }
  value_copy(place, &args[skipped + 2]);
  push_text(L, name);
  return 1;
}

static int debug_getupvalue(Thread *L, Value *args, int count) {
  const char *name;
  Object *owner;
  int64_t n = (int)arg_int(L, args, count, 2);
  arg_function(L, args, count, 1);
  const Value *place = function_upvalue(&args[0], n, &name, &owner);
  if (!place) return 0;
  push_text(L, name);
  push_value(L, place);
  return 2;
}

static int debug_setupvalue(Thread *L, Value *args, int count) {
  const char *name;
  Object *owner;
  arg_any(L, args, count, 3);
  int64_t n = (int)arg_int(L, args, count, 2);
  arg_function(L, args, count, 1);
  Value *place = function_upvalue(&args[0], n, &name, &owner);
  if (!place) return 0;
  value_copy(place, &args[2]);
  gc_barrier_value(L, owner, &args[2]);
  push_text(L, name);
  return 1;
}

/* What is the same for two functions that share an upvalue; 0 if there is none. */
static uint64_t upvalue_identity(Thread *L, const Value *args, int count, int function, int64_t *n) {
  *n = (int)arg_int(L, args, count, function + 1);
  arg_function(L, args, count, function);
  const Value *f = &args[function - 1];
  if (*n < 1 || *n > (f->tag == TAG_CFN ? f->cfn->upvalue_count : f->luafn->upvalue_count)) return 0;
  return f->tag == TAG_CFN ? serial_upvalue_address(L->vm, f->cfn, (int)*n)
                           : serial_upvalue_address(L->vm, f->luafn->upvalues[*n - 1], 1);
}

static int debug_upvalueid(Thread *L, Value *args, int count) {
  int64_t n;
  uint64_t identity = upvalue_identity(L, args, count, 1, &n);
  if (identity != 0)
    set_light(push(L), identity);
  else
    push_nil(L);
  return 1;
}

static int debug_upvaluejoin(Thread *L, Value *args, int count) {
  int64_t to, from;
  if (!upvalue_identity(L, args, count, 1, &to)) error_argument(L, 2, "invalid upvalue index");
  if (!upvalue_identity(L, args, count, 3, &from)) error_argument(L, 4, "invalid upvalue index");
  if (args[0].tag == TAG_CFN) error_argument(L, 1, "Lua function expected");
  if (args[2].tag == TAG_CFN) error_argument(L, 3, "Lua function expected");
  UpVal *shared = args[2].luafn->upvalues[from - 1];
  args[0].luafn->upvalues[to - 1] = shared;
  if (is_black(args[0].object) && is_white((Object *)shared)) gc_barrier_forward(L, args[0].object, (Object *)shared);
  return 0;
}

static const char HOOK_EVENTS[] = "crl"; /* in the order of their bits */

static int debug_sethook(Thread *L, Value *args, int count) {
  int skipped;
  Value thread, function;
  Thread *of = optional_thread(L, args, count, &skipped);
  set_object(&thread, of, TAG_THREAD);
  set_nil(&function);
  int mask = 0;
  int64_t every = 0;
  if (!absent_or_nil(args, count, skipped + 1)) {
    const char *events = arg_str(L, args, count, skipped + 2)->text;
    arg_function(L, args, count, skipped + 1);
    every = (int)arg_int_or(L, args, count, skipped + 3, 0);
    for (int i = 0; HOOK_EVENTS[i] != '\0'; i++)
      if (strchr(events, HOOK_EVENTS[i])) mask |= 1 << i;
    if (every > 0) mask |= HOOK_COUNT;
    if (mask != 0) function = args[skipped];
  }
  table_set(L, hook_table(L), &thread, &function);
  of->foreign_hook = NULL;
  hook_set(of, (uint8_t)mask, (int)every);
  return 0;
}

static int debug_gethook(Thread *L, Value *args, int count) {
  int skipped;
  const Thread *of = optional_thread(L, args, count, &skipped);
  if (of->hook_mask == 0) {
    push_nil(L);
    return 1;
  }
  Value thread;
  set_object(&thread, of, TAG_THREAD);
  if (of->foreign_hook)
    push_text(L, "external hook");
  else
    push_value(L, table_get(hook_table(L), &thread));
  char events[sizeof HOOK_EVENTS];
  size_t length = 0;
  for (int i = 0; HOOK_EVENTS[i] != '\0'; i++)
    if (of->hook_mask & 1 << i) events[length++] = HOOK_EVENTS[i];
  push_bytes(L, events, length);
  push_int(L, of->hook_every);
  return 3;
}

static int debug_debug(Thread *L, Value *args, int count) {
  (void)count;
  for (;;) {
    char line[LINE_SIZE];
    fputs("lua_debug> ", stderr);
    fflush(stderr);
    if (!fgets(line, sizeof line, stdin) || strcmp(line, "cont\n") == 0) return 0;
    if (load_chunk(L, line, strlen(line), "=(debug command)", NULL) != STATUS_OK ||
        call_protected(L, 0, 0) != STATUS_OK) {
      fprintf(stderr, "%s\n", value_tostring(L, L->top - 1)->text);
      fflush(stderr);
    }
    args = thread_args(L);
    L->top = args;
  }
}

static int debug_traceback(Thread *L, Value *args, int count) {
  int skipped;
  Thread *of = optional_thread(L, args, count, &skipped);
  const Value *message = arg(args, count, skipped + 1);
  if (!is_nil(message) && !is_string(message) && !is_number(message)) {
    push_value(L, message);
    return 1;
  }
  const Str *text = arg_str_or_null(L, args, count, skipped + 1);
  int level = (int)arg_int_or(L, args, count, skipped + 2, of == L ? 1 : 0);
  push_traceback(L, of, text ? text->text : NULL, text ? strlen(text->text) : 0, level);
  return 1;
}

static int debug_setcstacklimit(Thread *L, Value *args, int count) {
  arg_int(L, args, count, 1);
  push_int(L, MAX_C_DEPTH);
  return 1;
}

static const LibraryEntry entries[] = {
  {"debug", debug_debug, SPECIAL_NONE},
  {"gethook", debug_gethook, SPECIAL_NONE},
  {"getinfo", debug_getinfo, SPECIAL_NONE},
  {"getlocal", debug_getlocal, SPECIAL_NONE},
  {"getmetatable", debug_getmetatable, SPECIAL_NONE},
  {"getregistry", debug_getregistry, SPECIAL_NONE},
  {"getupvalue", debug_getupvalue, SPECIAL_NONE},
  {"getuservalue", debug_getuservalue, SPECIAL_NONE},
  {"setcstacklimit", debug_setcstacklimit, SPECIAL_NONE},
  {"sethook", debug_sethook, SPECIAL_SETHOOK},
  {"setlocal", debug_setlocal, SPECIAL_NONE},
  {"setmetatable", debug_setmetatable, SPECIAL_NONE},
  {"setupvalue", debug_setupvalue, SPECIAL_NONE},
  {"setuservalue", debug_setuservalue, SPECIAL_NONE},
  {"traceback", debug_traceback, SPECIAL_NONE},
  {"upvalueid", debug_upvalueid, SPECIAL_NONE},
  {"upvaluejoin", debug_upvaluejoin, SPECIAL_NONE},
  {NULL, NULL, SPECIAL_NONE},
};

void open_debug(Thread *L) {
  library_new(L, "debug", entries);
  L->top--;
}
