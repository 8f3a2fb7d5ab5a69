/* What the running program looks like from outside: names of variables and functions, found by following the
   bytecode, and the error messages and tracebacks that use them. */
#include "debuginfo.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "call.h"
#include "interpreter.h"
#include "objects/number.h"
#include "objects/serial.h"
#include "objects/str.h"
#include "objects/table.h"
#include "opcodes.h"
#include "push.h"

#define TRACEBACK_FIRST 10 /* levels shown at the top of a long traceback */
#define TRACEBACK_LAST 11  /* and at its bottom */
#define ENVIRONMENT "_ENV"

static inline uint32_t field_a(uint32_t word) { return word >> 8 & 0xFF; }
static inline uint32_t field_b(uint32_t word) { return word >> 16 & 0xFF; }
static inline uint32_t field_c(uint32_t word) { return word >> 24; }
static inline uint32_t field_bx(uint32_t word) { return word >> 16; }
static inline uint32_t field_op(uint32_t word) { return word & 0xFF; }

static inline bool is_lua(const Frame *frame) { return frame->kind == FRAME_LUA; }
static inline const Proto *frame_proto(const Frame *frame) { return frame->base[-1].luafn->proto; }

/* Formats into `out`, or only measures if it is NULL; returns the length. */
static size_t format_text(Thread *L, char *out, const char *format, va_list arguments) {
  size_t length = 0;
  for (; *format; format++) {
    char small[NUMBER_TEXT];
    const char *text = small;
    size_t size = 1;
    if (*format != '%') {
      small[0] = *format;
    } else {
      switch (*++format) {
      case 's':
        text = va_arg(arguments, const char *);
        if (!text) text = "(null)";
        size = strlen(text);
        break;
      case 'd': size = (size_t)snprintf(small, sizeof small, "%d", va_arg(arguments, int)); break;
      case 'I': size = (size_t)snprintf(small, sizeof small, "%" PRId64, va_arg(arguments, int64_t)); break;
      case 'f': {
        Value number;
        set_float(&number, va_arg(arguments, double));
        size = number_write(small, &number);
        break;
      }
      case 'p': size = serial_write(small, L, va_arg(arguments, const Value *)); break;
      case 'c': small[0] = (char)va_arg(arguments, int); break;
      case 'U': {
        unsigned long code = va_arg(arguments, unsigned long);
        char reversed[8];
        unsigned first_limit = 0x3F;
        size = 0;
        if (code < 0x80) {
          reversed[size++] = (char)code;
        } else {
          do {
            reversed[size++] = (char)(0x80 | (code & 0x3F));
            code >>= 6;
            first_limit >>= 1;
          } while (code > first_limit);
          reversed[size++] = (char)((~first_limit << 1) | code);
        }
        for (size_t i = 0; i < size; i++) small[i] = reversed[size - 1 - i];
        break;
      }
      default: small[0] = *format; break;
      }
    }
    if (out) memcpy(out + length, text, size);
    length += size;
  }
  return length;
}

Str *push_format_list(Thread *L, const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  size_t length = format_text(L, NULL, format, again);
  va_end(again);
  Str *s;
  if (length <= MAX_SHORT_STRING) {
    char text[MAX_SHORT_STRING + 1];
    format_text(L, text, format, arguments);
    s = str_new(L, text, length);
  } else {
    s = str_new_long(L, length);
    format_text(L, s->text, format, arguments);
    s->text[length] = '\0';
  }
  push_str(L, s);
  return s;
}

Str *push_format(Thread *L, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  Str *s = push_format_list(L, format, arguments);
  va_end(arguments);
  return s;
}

void source_display(char out[SOURCE_TEXT], const char *source, size_t length) {
  static const char dots[] = "...";
  static const char before[] = "[string \"";
  static const char after[] = "\"]";
  size_t room = SOURCE_TEXT - 1;
  if (*source == '=') {
    size_t shown = length - 1 < room ? length - 1 : room;
    memcpy(out, source + 1, shown);
    out[shown] = '\0';
  } else if (*source == '@') {
    if (length - 1 <= room) {
      memcpy(out, source + 1, length);
    } else { /* the end of a path says more than its beginning */
      memcpy(out, dots, 3);
      memcpy(out + 3, source + length - (room - 3), room - 3 + 1);
    }
  } else {
    const char *line_end = memchr(source, '\n', length);
    size_t shown = line_end ? (size_t)(line_end - source) : length;
    size_t most = room - (sizeof before - 1) - (sizeof after - 1) - 3;
    bool cut = line_end != NULL || length >= most;
    if (shown > most) shown = most;
    char *end = out;
    memcpy(end, before, sizeof before - 1);
    end += sizeof before - 1;
    memcpy(end, source, shown);
    end += shown;
    if (cut) {
      memcpy(end, dots, 3);
      end += 3;
    }
    memcpy(end, after, sizeof after);
  }
}

static void proto_source_display(char out[SOURCE_TEXT], const Proto *p) {
  if (p->source)
    source_display(out, p->source->text, str_length(p->source));
  else
    source_display(out, "=?", 2);
}

/* The last word of the instruction that a frame is executing. */
static uint32_t frame_word(const Frame *frame) {
  ptrdiff_t next = frame->pc - frame_proto(frame)->code;
  return next > 0 ? (uint32_t)next - 1 : 0;
}

/* The first word of the instruction that has a word at pc. */
static uint32_t instruction_start(const Proto *p, uint32_t pc) {
  uint32_t at = 0;
  for (;;) {
    uint32_t next = at + OPCODE_ROWS[field_op(p->code[at])].words;
    if (next > pc) return at;
    at = next;
  }
}

uint32_t frame_pc(const Frame *frame) { return instruction_start(frame_proto(frame), frame_word(frame)); }

int frame_line(const Thread *L, const Frame *frame) {
  (void)L;
  if (!is_lua(frame)) return -1;
  const Proto *p = frame_proto(frame);
  return p->lines ? (int)p->lines[frame_word(frame)] : -1;
}

/* The lowest frame of a thread is not a call: it is what the host, or the resumer, stands on. */
Frame *frame_at_level(Thread *L, int level) {
  return level >= 0 && level < L->frame - L->frames ? L->frame - level : NULL;
}

void push_where(Thread *L, int level) {
  const Frame *frame = frame_at_level(L, level);
  int line = frame ? frame_line(L, frame) : -1;
  if (line > 0) {
    char source[SOURCE_TEXT];
    proto_source_display(source, frame_proto(frame));
    push_format(L, "%s:%d: ", source, line);
  } else {
    push_bytes(L, "", 0);
  }
}

const char *proto_local_name(const Proto *p, int number, uint32_t pc) {
  for (uint32_t i = 0; i < p->local_count && p->locals[i].first_pc <= pc; i++)
    if (pc < p->locals[i].end_pc && --number == 0) return p->locals[i].name ? p->locals[i].name->text : "?";
  return NULL;
}

/* The n-th local variable that is visible at pc. */
static const LocalDesc *visible_local(const Proto *p, int64_t n, uint32_t pc) {
  for (uint32_t i = 0; i < p->local_count && p->locals[i].first_pc <= pc; i++)
    if (pc < p->locals[i].end_pc && --n == 0) return &p->locals[i];
  return NULL;
}

/* What stands on the reference's stack below the function that its pcall or xpcall waits for; NULL where nothing does. What
   they return when that ends well stands nowhere here: to set it changes nothing. */
static Value *find_kept(const Frame *frame, int64_t n) {
  static _Thread_local Value done;
  set_bool(&done, true);
  if (frame->kind == FRAME_PCALL) return n == 1 ? &done : NULL;
  switch (n) {
    case 1: return frame->base + 1;
    case 2: return frame->base;
    case 3: return &done;
    default: return NULL;
  }
}

Value *frame_local(const Thread *of, const Frame *frame, int64_t n, const char **name) {
  if (is_lua(frame)) {
    const Proto *p = frame_proto(frame);
    if (n < 0) {
      int64_t extra = p->is_vararg ? (int64_t)frame->shift - 1 - p->parameters : 0;
      if (-n > extra) return NULL;
      *name = "(vararg)";
      return frame->base - frame->shift + p->parameters + (-n - 1);
    }
    const LocalDesc *local = visible_local(p, n, frame_pc(frame));
    if (local) {
      *name = local->name ? local->name->text : "?";
      return frame->base + local->slot;
    }
  }
  if (frame->kind == FRAME_YIELD && frame->cfn->foreign == NULL) return NULL; /* its values have gone to who resumed */
  if (frame < of->frame && (frame->kind == FRAME_PCALL || frame->kind == FRAME_XPCALL)) {
    *name = "(C temporary)";
    return find_kept(frame, n);
  }
  const Value *limit = frame == of->frame ? of->top : frame[1].base - 1 - frame[1].shift;
  if (n <= 0 || n > limit - frame->base) return NULL;
  *name = is_lua(frame) ? "(temporary)" : "(C temporary)";
  return frame->base + (n - 1);
}

Value *function_upvalue(const Value *function, int64_t n, const char **name, Object **owner) {
  if (function->tag == TAG_CFN) {
    if (n < 1 || n > function->cfn->upvalue_count) return NULL;
    *name = "";
    *owner = function->object;
    return &function->cfn->upvalues[n - 1];
  }
  const LuaFn *f = function->luafn;
  if (n < 1 || n > f->upvalue_count) return NULL;
  const Str *text = f->proto->upvalues[n - 1].name;
  *name = text ? text->text : "(no name)";
  *owner = (Object *)f->upvalues[n - 1];
  return f->upvalues[n - 1]->v;
}

void push_active_lines(Thread *L, const Proto *p) {
  if (p == NULL) {
    push_nil(L);
    return;
  }
  Table *lines = table_new(L, 0, 0);
  push_table(L, lines);
  Value v;
  set_bool(&v, true);
  if (!p->lines) return;
  for (uint32_t pc = 0; pc < p->word_count; pc++) table_set_int(L, lines, p->lines[pc], &v);
  if (p->last_line > 0) table_set_int(L, lines, p->last_line, &v); /* of the `end`, though a return stands before it */
}

static const char *slot_local_name(const Proto *p, uint32_t slot, uint32_t pc) {
  for (uint32_t i = p->local_count; i-- > 0;) {
    const LocalDesc *local = &p->locals[i];
    if (local->slot == slot && local->first_pc <= pc && pc < local->end_pc)
      return local->name ? local->name->text : "?";
  }
  return NULL;
}

static const char *upvalue_name(const Proto *p, uint32_t index) {
  const Str *name = p->upvalues[index].name;
  return name ? name->text : "?";
}

static bool writes_slot(uint32_t word, int slot) {
  uint32_t op = field_op(word);
  int a = (int)field_a(word), b = (int)field_b(word), c = (int)field_c(word);
  return opcode_written_from(op, a, b, c) <= slot && slot < opcode_written_end(op, a, b, c);
}

#define NOWHERE UINT32_MAX

/* The last instruction before `pc` that surely wrote `slot`, or NOWHERE: what stands between a forward jump and its
   target may not have run. */
static uint32_t find_writer(const Proto *p, uint32_t pc, uint32_t slot) {
  uint32_t writer = NOWHERE;
  uint32_t conditional_until = 0;
  for (uint32_t at = 0; at < pc;) {
    uint32_t word = p->code[at];
    const OpcodeRow *row = &OPCODE_ROWS[field_op(word)];
    uint32_t next = at + row->words;
    if (writes_slot(word, (int)slot)) writer = at < conditional_until ? NOWHERE : at;
    int64_t distance = 0;
    if (row->j == KIND_JUMP)
      distance = (int32_t)word >> 8;
    else if (row->x == KIND_JUMP)
      distance = (int32_t)p->code[at + 1];
    int64_t target = (int64_t)next + distance;
    if (distance > 0 && target <= (int64_t)pc && target > (int64_t)conditional_until)
      conditional_until = (uint32_t)target;
    at = next;
  }
  return writer;
}

static const char *constant_name(const Proto *p, uint32_t index, const char **name) {
  const Value *constant = &p->constants[index];
  *name = is_string(constant) ? constant->str->text : "?";
  return is_string(constant) ? "constant" : NULL;
}

/* The name of a slot's value where that is a variable or a constant. *pc becomes the instruction that wrote it. */
static const char *variable_name(const Proto *p, uint32_t *pc, uint32_t slot, const char **name) {
  for (;;) {
    *name = slot_local_name(p, slot, *pc);
    if (*name) return "local";
    *pc = find_writer(p, *pc, slot);
    if (*pc == NOWHERE) return NULL;
    uint32_t word = p->code[*pc];
    switch (field_op(word)) {
    case OP_MOVE:
      if (field_b(word) >= field_a(word)) return NULL;
      slot = field_b(word);
      break;
    case OP_GETUPVAL: *name = upvalue_name(p, field_b(word)); return "upvalue";
    case OP_LOADK: return constant_name(p, field_bx(word), name);
    case OP_LOADKX: return constant_name(p, p->code[*pc + 1], name);
    default: return NULL;
    }
  }
}

static const char *access_kind(const char *table_name) {
  return table_name && strcmp(table_name, ENVIRONMENT) == 0 ? "global" : "field";
}

static const char *slot_access_kind(const Proto *p, uint32_t pc, uint32_t table_slot) {
  const char *name;
  const char *kind = variable_name(p, &pc, table_slot, &name);
  return access_kind(kind && strcmp(kind, "constant") != 0 ? name : NULL);
}

/* The kind of a slot's value before the instruction at pc, as messages call it, and its name; or NULL. */
static const char *slot_name(const Proto *p, uint32_t pc, uint32_t slot, const char **name) {
  const char *kind = variable_name(p, &pc, slot, name);
  if (kind || pc == NOWHERE) return kind;
  uint32_t word = p->code[pc];
  switch (field_op(word)) {
  case OP_GETGLOBAL:
    constant_name(p, p->code[pc + 1] & 0xFFFF, name);
    return access_kind(upvalue_name(p, field_b(word)));
  case OP_GETFIELD: constant_name(p, p->code[pc + 1] & 0xFFFF, name); return slot_access_kind(p, pc, field_b(word));
  case OP_GETINDEX: {
    uint32_t at = pc;
    const char *key_kind = variable_name(p, &at, field_c(word), name);
    if (!key_kind || strcmp(key_kind, "constant") != 0) *name = "?";
    return slot_access_kind(p, pc, field_b(word));
  }
  case OP_GETINT: *name = "integer index"; return "field";
  case OP_SELF: constant_name(p, p->code[pc + 1] & 0xFFFF, name); return "method";
  default: return NULL;
  }
}

/* The name of what a frame's current instruction calls. */
static const char *called_name(Thread *L, const Frame *caller, const char **name) {
  if ((size_t)(caller - L->frames) == L->hooked_frame) {
    *name = "?";
    return "hook";
  }
  if (caller->flags & FRAME_FINALIZER) {
    *name = "__gc";
    return "metamethod";
  }
  if (!is_lua(caller)) return NULL;
  const Proto *p = frame_proto(caller);
  uint32_t pc = frame_pc(caller);
  uint32_t word = p->code[pc];
  switch (field_op(word)) {
  case OP_CALL:
  case OP_TAILCALL: return slot_name(p, pc, field_a(word), name);
  case OP_TFORCALL: *name = "for iterator"; return "for iterator";
  default: {
    uint8_t event = OPCODE_ROWS[field_op(word)].event;
    if (event == METAMETHOD_COUNT) return NULL;
    *name = L->vm->metamethod_names[event]->text + 2;
    return "metamethod";
  }
  }
}

const char *frame_function_name(Thread *L, Frame *frame, const char **name) {
  if (frame->flags & FRAME_TAIL || frame <= L->frames + 1) return NULL;
  return called_name(L, frame - 1, name);
}

/* Finds `function` among the fields of `t`, and of the tables in it down to `depth`, and pushes its path. */
static bool push_field_path(Thread *L, Table *t, const Value *function, int depth) {
  uint32_t position = 0;
  Value key, value;
  while (table_iterate(t, &position, &key, &value)) {
    if (!is_string(&key)) continue;
    if (value_raw_equal(&value, function)) {
      push_str(L, key.str);
      return true;
    }
    if (depth > 1 && is_table(&value) && push_field_path(L, value.table, function, depth - 1)) {
      const char *path = L->top[-1].str->text;
      push_format(L, "%s.%s", key.str->text, path);
      value_copy(L->top - 2, L->top - 1);
      L->top--;
      return true;
    }
  }
  return false;
}

/* The name under which a loaded library holds the function of a frame: pushed and returned, or NULL. */
static const char *push_library_name(Thread *L, const Frame *frame) {
  Value function;
  value_copy(&function, frame->base - 1);
  if (!L->vm->loaded || !push_field_path(L, L->vm->loaded, &function, 2)) return NULL;
  const char *path = L->top[-1].str->text;
  return strncmp(path, "_G.", 3) == 0 ? path + 3 : path;
}

/* In a Lua frame the top is not kept: pushes must not overwrite its slots. */
static void settle_top(Thread *L) {
  if (is_lua(L->frame)) L->top = L->frame->base + frame_proto(L->frame)->slots;
}

/* Replaces the string on the top by itself behind "source:line: " of the running Lua function, and throws it. */
static NORETURN void throw_positioned(Thread *L) {
  if (is_lua(L->frame)) {
    char source[SOURCE_TEXT];
    proto_source_display(source, frame_proto(L->frame));
    push_format(L, "%s:%d: %s", source, frame_line(L, L->frame), L->top[-1].str->text);
  }
  error_throw(L);
}

void error_runtime(Thread *L, const char *format, ...) {
  settle_top(L);
  va_list arguments;
  va_start(arguments, format);
  push_format_list(L, format, arguments);
  va_end(arguments);
  throw_positioned(L);
}

void error_plain(Thread *L, const char *message) {
  settle_top(L);
  push_text(L, message);
  error_throw(L);
}

void error_at_level(Thread *L, int level, const char *format, ...) {
  settle_top(L);
  push_where(L, level);
  const char *where = L->top[-1].str->text;
  va_list arguments;
  va_start(arguments, format);
  const char *message = push_format_list(L, format, arguments)->text;
  va_end(arguments);
  push_format(L, "%s%s", where, message);
  error_throw(L);
}

/* Pushes " (local 'x')" for a value of the running function, or "". */
static const char *push_variable_text(Thread *L, const char *kind, const char *name) {
  if (!kind) return "";
  return push_format(L, " (%s '%s')", kind, name)->text;
}

/* The same, from where the value lives. */
static const char *push_variable_of(Thread *L, const Value *v) {
  const Frame *frame = L->frame;
  if (!is_lua(frame)) return "";
  const LuaFn *function = frame->base[-1].luafn;
  const Proto *p = function->proto;
  for (uint32_t i = 0; i < function->upvalue_count; i++)
    if (function->upvalues[i]->v == v) return push_variable_text(L, "upvalue", upvalue_name(p, i));
  uintptr_t offset = (uintptr_t)v - (uintptr_t)frame->base;
  if (offset / sizeof(Value) >= p->slots) return "";
  const char *name = NULL;
  const char *kind = slot_name(p, frame_pc(frame), (uint32_t)(offset / sizeof(Value)), &name);
  return push_variable_text(L, kind, name);
}

void error_type(Thread *L, const Value *v, const char *operation) {
  settle_top(L);
  const char *type = type_name_of(L, v);
  const char *variable = push_variable_of(L, v);
  error_runtime(L, "attempt to %s a %s value%s", operation, type, variable);
}

void error_call(Thread *L, const Value *v) {
  settle_top(L);
  const char *type = type_name_of(L, v);
  const char *name = NULL;
  const char *kind = called_name(L, L->frame, &name);
  const char *variable = kind ? push_variable_text(L, kind, name) : push_variable_of(L, v);
  error_runtime(L, "attempt to call a %s value%s", type, variable);
}

void error_for(Thread *L, const Value *v, const char *what) {
  error_runtime(L, "bad 'for' %s (number expected, got %s)", what, type_name_of(L, v));
}

void error_concat(Thread *L, const Value *a, const Value *b) {
  error_type(L, is_string(a) || is_number(a) ? b : a, "concatenate");
}

void error_arithmetic(Thread *L, const Value *a, const Value *b, const char *operation) {
  error_type(L, is_number(a) ? b : a, operation);
}

void error_to_int(Thread *L, const Value *a, const Value *b) {
  int64_t unused;
  settle_top(L);
  const char *variable = push_variable_of(L, number_to_int(a, &unused) ? b : a);
  error_runtime(L, "number%s has no integer representation", variable);
}

void error_compare(Thread *L, const Value *a, const Value *b) {
  const char *left = type_name_of(L, a);
  const char *right = type_name_of(L, b);
  if (strcmp(left, right) == 0) error_runtime(L, "attempt to compare two %s values", left);
  error_runtime(L, "attempt to compare %s with %s", left, right);
}

void error_argument(Thread *L, int argument, const char *message) {
  Frame *frame = frame_at_level(L, 0);
  if (!frame) error_at_level(L, 1, "bad argument #%d (%s)", argument, message);
  const char *name = NULL;
  const char *kind = frame_function_name(L, frame, &name);
  if (kind && strcmp(kind, "method") == 0) {
    argument--;
    if (argument == 0) error_at_level(L, 1, "calling '%s' on bad self (%s)", name, message);
  }
  if (!kind) name = push_library_name(L, frame);
  error_at_level(L, 1, "bad argument #%d to '%s' (%s)", argument, name ? name : "?", message);
}

void error_argument_type(Thread *L, int argument, const char *expected) {
  const Value *base = thread_args(L);
  const Value *v = argument <= L->top - base ? &base[argument - 1] : NULL;
  const char *got = "no value";
  if (v) {
    got = type_name_of(L, v);
    if (v->tag == TAG_LIGHT && got == type_name(v)) got = "light userdata";
  }
  error_argument(L, argument, push_format(L, "%s expected, got %s", expected, got)->text);
}

const char *type_name(const Value *v) {
  static const char *const names[] = {"nil",    "boolean", "boolean", "number",   "number",   "userdata", "string",
                                      "string", "table",   "function", "function", "userdata", "thread",   "upvalue",
                                      "proto",  "nil"};
  return names[v->tag];
}

const char *type_name_of(Thread *L, const Value *v) {
  Table *meta = metatable_of(L->vm, v);
  if (meta) {
    const Value *name = table_get_short(meta, L->vm->metamethod_names[METAMETHOD_NAME]);
    if (is_string(name)) return name->str->text;
  }
  return type_name(v);
}

static void add_text(Buffer *b, const char *text) { buffer_add(b, text, strlen(text)); }

static void add_level(Thread *L, Buffer *b, Thread *of, Frame *frame) {
  char source[SOURCE_TEXT];
  char text[SOURCE_TEXT + 32];
  const Proto *p = is_lua(frame) ? frame_proto(frame) : NULL;
  int line = frame_line(of, frame);
  if (p)
    proto_source_display(source, p);
  else
    memcpy(source, "[C]", 4);
  int length = line > 0 ? snprintf(text, sizeof text, "\n\t%s:%d: in ", source, line)
                        : snprintf(text, sizeof text, "\n\t%s: in ", source);
  buffer_add(b, text, (size_t)length);

  const char *name = NULL;
  const char *kind = frame_function_name(of, frame, &name);
  Value *top = L->top;
  const char *library_name = push_library_name(L, frame);
  if (library_name) {
    kind = "function";
    name = library_name;
  }
  if (kind) {
    add_text(b, kind);
    buffer_add(b, " '", 2);
    add_text(b, name);
    buffer_add(b, "'", 1);
  } else if (!p) {
    buffer_add(b, "?", 1);
  } else if (p->first_line == 0) {
    add_text(b, "main chunk");
  } else {
    length = snprintf(text, sizeof text, "function <%s:%d>", source, (int)p->first_line);
    buffer_add(b, text, (size_t)length);
  }
  L->top = top;
  if (frame->flags & FRAME_TAIL) add_text(b, "\n\t(...tail calls...)");
}

void push_traceback(Thread *L, Thread *of, const char *message, size_t length, int level) {
  Buffer b;
  buffer_init(L, &b);
  if (message) {
    buffer_add(&b, message, length);
    buffer_add_char(&b, '\n');
  }
  add_text(&b, "stack traceback:");
  int last = (int)(of->frame - of->frames) - 1;
  int until_skip = last - level > TRACEBACK_FIRST + TRACEBACK_LAST ? TRACEBACK_FIRST : -1;
  for (Frame *frame; (frame = frame_at_level(of, level++)) != NULL;) {
    if (until_skip-- == 0) {
      char text[64];
      int skipped = last - level - TRACEBACK_LAST + 1;
      buffer_add(&b, text, (size_t)snprintf(text, sizeof text, "\n\t...\t(skipping %d levels)", skipped));
      level += skipped;
    } else {
      add_level(L, &b, of, frame);
    }
  }
  buffer_push(&b);
}
