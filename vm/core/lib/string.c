/* The string library, but for formatting and packing; searching and replacing stand on pattern.c. */
#include <limits.h>
#include <string.h>

#include "machine/chunk.h"
#include "pattern.h"
#include "string_parts.h"

static int string_len(Thread *L, Value *args, int count) {
  push_int(L, (int64_t)str_length(arg_str(L, args, count, 1)));
  return 1;
}

static int string_sub(Thread *L, Value *args, int count) {
  Str *s = arg_str(L, args, count, 1);
  size_t length = str_length(s);
  size_t first = position_first(arg_int(L, args, count, 2), length);
  size_t last = position_last(arg_int_or(L, args, count, 3, -1), length);
  if (first > last)
    push_bytes(L, "", 0);
  else if (last - first + 1 == length)
    push_str(L, s);
  else
    push_bytes(L, s->text + first - 1, last - first + 1);
  return 1;
}

static int string_byte(Thread *L, Value *args, int count) {
  Str *s = arg_str(L, args, count, 1);
  size_t length = str_length(s);
  int64_t from = arg_int_or(L, args, count, 2, 1);
  size_t first = position_first(from, length);
  size_t last = position_last(arg_int_or(L, args, count, 3, from), length);
  if (first > last) return 0;
  if (last - first >= INT_MAX) error_library(L, "string slice too long");
  int n = (int)(last - first) + 1;
  if (n > 1) stack_check(L, n, "string slice too long");
  for (size_t i = first; i <= last; i++) push_int(L, (unsigned char)s->text[i - 1]);
  return n;
}

/* Where to write a string of `length` bytes: a long string's own bytes, then pushed by fresh_push; or `small`, of
   MAX_SHORT_STRING bytes. */
typedef struct Fresh {
  Str *str;
  char *text;
  char small[MAX_SHORT_STRING];
} Fresh;

static inline char *fresh_init(Thread *L, Fresh *fresh, size_t length) {
  fresh->str = length > MAX_SHORT_STRING ? str_new_long(L, length) : NULL;
  fresh->text = fresh->str ? fresh->str->text : fresh->small;
  return fresh->text;
}

static inline int fresh_push(Thread *L, const Fresh *fresh, size_t length) {
  push_str(L, fresh->str ? fresh->str : str_new(L, fresh->small, length));
  return 1;
}

static int string_char(Thread *L, Value *args, int count) {
  Fresh fresh;
  char *text = fresh_init(L, &fresh, (size_t)count);
  for (int i = 0; i < count; i++) {
    uint64_t c = (uint64_t)arg_int(L, args, count, i + 1);
    if (c > UCHAR_MAX) error_argument(L, i + 1, "value out of range");
    text[i] = (char)(unsigned char)c;
  }
  return fresh_push(L, &fresh, (size_t)count);
}

static int string_reverse(Thread *L, Value *args, int count) {
  Str *s = arg_str(L, args, count, 1);
  size_t length = str_length(s);
  Fresh fresh;
  char *text = fresh_init(L, &fresh, length);
  for (size_t i = 0; i < length; i++) text[i] = s->text[length - 1 - i];
  return fresh_push(L, &fresh, length);
}

/* Flips the case of the 26 letters from `first` on. */
static inline int change_case(Thread *L, Str *s, char first) {
  size_t length = str_length(s);
  Fresh fresh;
  char *text = fresh_init(L, &fresh, length);
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)s->text[i];
    text[i] = (char)(c ^ ((unsigned char)(c - first) < 26 ? 0x20 : 0));
  }
  return fresh_push(L, &fresh, length);
}

static int string_lower(Thread *L, Value *args, int count) { return change_case(L, arg_str(L, args, count, 1), 'A'); }
static int string_upper(Thread *L, Value *args, int count) { return change_case(L, arg_str(L, args, count, 1), 'a'); }

static int string_rep(Thread *L, Value *args, int count) {
  Str *s = arg_str(L, args, count, 1);
  int64_t n = arg_int(L, args, count, 2);
  Str *separator = arg_str_or_null(L, args, count, 3);
  size_t length = str_length(s);
  size_t unit = length + (separator ? str_length(separator) : 0);
  if (n <= 0) {
    push_bytes(L, "", 0);
    return 1;
  }
  if (unit < length || unit > INT_MAX / (uint64_t)n) error_library(L, "resulting string too large");
  if (n == 1) {
    push_str(L, s);
    return 1;
  }
  size_t total = unit * (size_t)n - (unit - length);
  Fresh fresh;
  char *text = fresh_init(L, &fresh, total);
  if (unit == 1) {
    memset(text, length ? s->text[0] : separator->text[0], total);
  } else if (unit > 0) {
    memcpy(text, s->text, length);
    if (separator) memcpy(text + length, separator->text, unit - length);
    for (size_t done = unit; done < total;) { /* twice as much each time */
      size_t more = done < total - done ? done : total - done;
      memcpy(text + done, text, more);
      done += more;
    }
  }
  return fresh_push(L, &fresh, total);
}

static void write_to_buffer(void *context, const void *bytes, size_t length) { buffer_add(context, bytes, length); }

static int string_dump(Thread *L, Value *args, int count) {
  arg_function(L, args, count, 1);
  if (args[0].tag != TAG_LUAFN) error_library(L, "unable to dump given function");
  Buffer b;
  buffer_init(L, &b);
  chunk_dump(L, args[0].luafn->proto, !is_falsy(arg(args, count, 2)), write_to_buffer, &b);
  buffer_push(&b);
  return 1;
}

static int find(Thread *L, Value *args, int count, bool want_positions) {
  Str *s = arg_str(L, args, count, 1);
  Str *p = arg_str(L, args, count, 2);
  size_t length = str_length(s);
  size_t pattern_length = str_length(p);
  size_t skipped = position_first(arg_int_or(L, args, count, 3, 1), length) - 1;
  const char *pattern = p->text;
  const char *from = s->text + skipped;
  if (skipped > length) {
    push_nil(L);
    return 1;
  }
  if (want_positions && (!is_falsy(arg(args, count, 4)) || pattern_is_plain(pattern, pattern_length))) {
    const char *found = find_plain(from, length - skipped, pattern, pattern_length);
    if (!found) {
      push_nil(L);
      return 1;
    }
    push_int(L, found - s->text + 1);
    push_int(L, found - s->text + (int64_t)pattern_length);
    return 2;
  }
  Matcher m;
  Capture captures[MAX_CAPTURES];
  const char *end;
  if (*pattern == '^') {
    matcher_init(&m, L, captures, s->text, length, pattern + 1, pattern_length - 1);
    end = matcher_match(&m, from);
    if (!end) from = NULL;
  } else {
    matcher_init(&m, L, captures, s->text, length, pattern, pattern_length);
    from = matcher_search(&m, from, &end);
  }
  if (!from) {
    push_nil(L);
    return 1;
  }
  if (!want_positions) return matcher_push_captures(&m, from, end);
  push_int(L, from - s->text + 1);
  push_int(L, end - s->text);
  return 2 + matcher_push_captures(&m, NULL, NULL);
}

static int string_find(Thread *L, Value *args, int count) { return find(L, args, count, true); }
static int string_match(Thread *L, Value *args, int count) { return find(L, args, count, false); }

/* What string.gmatch returns. Upvalues: subject and pattern, to keep them alive, and the state. */
typedef struct Progress {
  Matcher matcher;
  const char *from; /* NULL: beyond the end */
} Progress;

static int gmatch_step(Thread *L, Value *args, int count) {
  (void)args, (void)count;
  Progress *progress = running_function(L)->upvalues[2].userdata->data;
  Matcher *m = &progress->matcher;
  if (!progress->from) return 0;
  Capture captures[MAX_CAPTURES];
  m->L = L;
  m->captures = captures;
  const char *end;
  const char *start = matcher_search(m, progress->from, &end);
  if (!start) return 0;
  progress->from = m->last = end;
  return matcher_push_captures(m, start, end);
}

static int string_gmatch(Thread *L, Value *args, int count) {
  Str *s = arg_str(L, args, count, 1);
  Str *p = arg_str(L, args, count, 2);
  size_t length = str_length(s);
  size_t skipped = position_first(arg_int_or(L, args, count, 3, 1), length) - 1;
  push_str(L, s);
  push_str(L, p);
  Progress *progress = push_userdata(L, sizeof *progress, 0)->data;
  matcher_init(&progress->matcher, L, NULL, s->text, length, p->text, str_length(p));
  progress->from = skipped <= length ? s->text + skipped : NULL;
  push_function(L, gmatch_step, "string.gmatch iterator", 3);
  return 1;
}

/* Adds a replacement string, with the captures that its %0 ... %9 mean. */
static void add_template(Matcher *m, Buffer *b, const Str *replacement, const char *s, const char *e) {
  const char *text = replacement->text;
  const char *text_end = text + str_length(replacement);
  for (;;) {
    while (text < text_end && *text != '%') buffer_add_char(b, *text++);
    if (text == text_end) return;
    char c = text[1];
    if (c == '%') {
      buffer_add_char(b, c);
    } else if (c == '0') {
      buffer_add(b, s, (size_t)(e - s));
    } else if (c >= '1' && c <= '9') {
      const char *capture;
      ptrdiff_t length = matcher_capture(m, c - '1', s, e, &capture);
      if (length == CAPTURE_POSITION)
        b->length += int_write(buffer_reserve(b, NUMBER_TEXT), capture - m->subject + 1);
      else
        buffer_add(b, capture, (size_t)length);
    } else {
      error_library(m->L, "invalid use of '%%' in replacement string");
    }
    text += 2;
  }
}

/* Asks the table or function that is argument 3 and pushes its answer. */
static void push_replacement(Thread *L, Matcher *m, const char *s, const char *e) {
  const Value *source = &thread_args(L)[2];
  if (is_table(source)) {
    matcher_push_capture(m, 0, s, e);
    Value result;
    if (source->table->meta)
      index_get(L, source, L->top - 1, &result);
    else
      value_copy(&result, table_get(source->table, L->top - 1));
    value_copy(L->top - 1, &result);
  } else {
    push_value(L, source);
    call_value(L, matcher_push_captures(m, s, e), 1);
  }
}

static int string_gsub(Thread *L, Value *args, int count) {
  Str *subject = arg_str(L, args, count, 1);
  Str *p = arg_str(L, args, count, 2);
  size_t length = str_length(subject);
  const char *pattern = p->text;
  size_t pattern_length = str_length(p);
  int64_t limit = arg_int_or(L, args, count, 4, (int64_t)length + 1);
  const Value *by = arg(args, count, 3);
  bool by_text = is_string(by) || is_number(by);
  if (!by_text && !is_table(by) && !is_function(by)) error_argument_type(L, 3, "string/function/table");
  Str *replacement = by_text ? arg_str(L, args, count, 3) : NULL;
  bool literal = by_text && !memchr(replacement->text, '%', str_length(replacement));
  bool anchored = *pattern == '^';
  bool plain = !anchored && pattern_length > 0 && pattern_is_plain(pattern, pattern_length) &&
               !memchr(pattern, ')', pattern_length);
  if (anchored) {
    pattern++;
    pattern_length--;
  }
  Matcher m;
  Capture captures[MAX_CAPTURES];
  matcher_init(&m, L, captures, subject->text, length, pattern, pattern_length);
  Buffer b;
  buffer_init(L, &b);
  const char *from = subject->text;
  const char *subject_end = from + length;
  const char *kept = from; /* from here on nothing is in the buffer yet */
  int64_t n = 0;
  bool changed = false;
  while (n < limit) {
    const char *s, *e;
    if (anchored) {
      s = from;
      e = matcher_match(&m, s);
      if (!e) break;
    } else if (plain) {
      s = find_plain(from, (size_t)(subject_end - from), pattern, pattern_length);
      if (!s) break;
      e = s + pattern_length;
    } else {
      s = matcher_search(&m, from, &e);
      if (!s) break;
    }
    n++;
    from = m.last = e;
    if (by_text) {
      if (kept < s) buffer_add(&b, kept, (size_t)(s - kept));
      if (literal)
        buffer_add(&b, replacement->text, str_length(replacement));
      else
        add_template(&m, &b, replacement, s, e);
      kept = e;
      changed = true;
    } else {
      push_replacement(L, &m, s, e);
      const Value *answer = L->top - 1;
      if (is_falsy(answer)) {
        L->top--;
      } else {
        if (!is_string(answer) && !is_number(answer))
          error_library(L, "invalid replacement value (a %s)", type_name(answer));
        buffer_add(&b, kept, (size_t)(s - kept));
        buffer_add_value(&b);
        kept = e;
        changed = true;
      }
    }
    if (anchored) break;
  }
  if (changed) {
    buffer_add(&b, kept, (size_t)(subject_end - kept));
    buffer_push(&b);
  } else {
    set_str(L->top - 1, subject);
  }
  push_int(L, n);
  return 2;
}

/* Arithmetic on strings: numerals are numbers; anything else is left to the other operand's metamethod. */
static int arithmetic(Thread *L, Value *args, int count, enum Metamethod operation) {
  Value operands[2], numbers[2], result;
  for (int i = 0; i < 2; i++) value_copy(&operands[i], arg(args, count, i + 1));
  if (value_to_number(&operands[0], &numbers[0]) && value_to_number(&operands[1], &numbers[1])) {
    value_arithmetic(L, operation, &numbers[0], &numbers[1], &result);
    push_value(L, &result);
    return 1;
  }
  const Value *method = is_string(&operands[1]) ? &nil_value : metamethod_of(L->vm, &operands[1], operation);
  if (is_nil(method))
    error_library(L, "attempt to %s a '%s' with a '%s'", L->vm->metamethod_names[operation]->text + strlen("__"),
                  type_name(&operands[0]), type_name(&operands[1]));
  push_value(L, method);
  push_value(L, &operands[0]);
  push_value(L, &operands[1]);
  call_value(L, 2, 1);
  return 1;
}

static int string_add(Thread *L, Value *args, int count) { return arithmetic(L, args, count, METAMETHOD_ADD); }
static int string_subtract(Thread *L, Value *args, int count) { return arithmetic(L, args, count, METAMETHOD_SUB); }
static int string_multiply(Thread *L, Value *args, int count) { return arithmetic(L, args, count, METAMETHOD_MUL); }
static int string_modulo(Thread *L, Value *args, int count) { return arithmetic(L, args, count, METAMETHOD_MOD); }
static int string_power(Thread *L, Value *args, int count) { return arithmetic(L, args, count, METAMETHOD_POW); }
static int string_divide(Thread *L, Value *args, int count) { return arithmetic(L, args, count, METAMETHOD_DIV); }
static int string_floor_divide(Thread *L, Value *args, int count) {
  return arithmetic(L, args, count, METAMETHOD_IDIV);
}
static int string_negate(Thread *L, Value *args, int count) { return arithmetic(L, args, count, METAMETHOD_UNM); }

static const LibraryEntry entries[] = {
    {"byte", string_byte, SPECIAL_NONE},
    {"char", string_char, SPECIAL_NONE},
    {"dump", string_dump, SPECIAL_NONE},
    {"find", string_find, SPECIAL_NONE},
    {"format", string_format, SPECIAL_NONE},
    {"gmatch", string_gmatch, SPECIAL_NONE},
    {"gsub", string_gsub, SPECIAL_NONE},
    {"len", string_len, SPECIAL_NONE},
    {"lower", string_lower, SPECIAL_NONE},
    {"match", string_match, SPECIAL_NONE},
    {"pack", string_pack, SPECIAL_NONE},
    {"packsize", string_packsize, SPECIAL_NONE},
    {"rep", string_rep, SPECIAL_NONE},
    {"reverse", string_reverse, SPECIAL_NONE},
    {"sub", string_sub, SPECIAL_NONE},
    {"unpack", string_unpack, SPECIAL_NONE},
    {"upper", string_upper, SPECIAL_NONE},
    {NULL, NULL, SPECIAL_NONE},
};

static const struct {
  enum Metamethod event;
  CFunction call;
  const char *name;
} operators[] = {
    {METAMETHOD_ADD, string_add, "string.__add"},
    {METAMETHOD_SUB, string_subtract, "string.__sub"},
    {METAMETHOD_MUL, string_multiply, "string.__mul"},
    {METAMETHOD_MOD, string_modulo, "string.__mod"},
    {METAMETHOD_POW, string_power, "string.__pow"},
    {METAMETHOD_DIV, string_divide, "string.__div"},
    {METAMETHOD_IDIV, string_floor_divide, "string.__idiv"},
    {METAMETHOD_UNM, string_negate, "string.__unm"},
};

void open_string(Thread *L) {
  VM *vm = L->vm;
  library_new(L, "string", entries);
  enum { OPERATORS = sizeof operators / sizeof operators[0] };
  Table *meta = table_new(L, 0, OPERATORS + 1);
  vm->string_meta = meta;
  table_set_str(L, meta, vm->metamethod_names[METAMETHOD_INDEX], L->top - 1);
  L->top--;
  for (int i = 0; i < OPERATORS; i++) {
    push_function(L, operators[i].call, operators[i].name, 0);
    table_set_str(L, meta, vm->metamethod_names[operators[i].event], L->top - 1);
    L->top--;
  }
}
