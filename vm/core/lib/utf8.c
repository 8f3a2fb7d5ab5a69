/* The utf8 library. Code points go up to 2^31 - 1 where Lua calls it lax, else to U+10FFFF without surrogates. */
#include <limits.h>
#include <string.h>

#include "api.h"

#define MAX_UNICODE 0x10FFFFu
#define MAX_CODE 0x7FFFFFFFu
#define MAX_ENCODED 6
#define INVALID "invalid UTF-8 code"

static inline bool is_continuation(const char *s) { return (*s & 0xC0) == 0x80; }

/* From the end if negative; 0 if that is before the beginning. */
static int64_t position_from(int64_t position, size_t length) {
  if (position >= 0) return position;
  if (0u - (size_t)position > length) return 0;
  return (int64_t)length + position + 1;
}

/* Decodes the sequence at s: returns its end, or NULL if it is not valid. The zero behind the string ends any sequence
   that is cut off. */
static inline const char *decode(const char *s, uint32_t *code, bool strict) {
  static const uint32_t least[] = {UINT32_MAX, 0x80, 0x800, 0x10000, 0x200000, 0x4000000}; /* by continuation bytes */
  unsigned first = (unsigned char)*s;
  if (first < 0x80) {
    *code = first;
    return s + 1;
  }
  uint32_t result = 0;
  int count = 0;
  for (; first & 0x40; first <<= 1) {
    unsigned next = (unsigned char)s[++count];
    if ((next & 0xC0) != 0x80) return NULL;
    result = result << 6 | (next & 0x3F);
  }
  result |= (uint32_t)(first & 0x7F) << (count * 5);
  if (count >= MAX_ENCODED || result > MAX_CODE || result < least[count]) return NULL;
  if (strict && (result > MAX_UNICODE || (result >= 0xD800u && result <= 0xDFFFu))) return NULL;
  *code = result;
  return s + count + 1;
}

static size_t encode(char out[MAX_ENCODED], uint32_t code) {
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  char reversed[MAX_ENCODED];
  size_t n = 0;
  uint32_t first_limit = 0x3F; /* what the first byte has room for */
  do {
    reversed[n++] = (char)(0x80 | (code & 0x3F));
    code >>= 6;
    first_limit >>= 1;
  } while (code > first_limit);
  reversed[n++] = (char)((~first_limit << 1) | code);
  for (size_t i = 0; i < n; i++) out[i] = reversed[n - 1 - i];
  return n;
}

static int utf8_len(Thread *L, Value *args, int count) {
  const Str *s = arg_str(L, args, count, 1);
  size_t length = str_length(s);
  int64_t first = position_from(arg_int_or(L, args, count, 2, 1), length);
  int64_t last = position_from(arg_int_or(L, args, count, 3, -1), length);
  bool strict = is_falsy(arg(args, count, 4));
  if (first < 1 || first - 1 > (int64_t)length) error_argument(L, 2, "initial position out of bounds");
  if (last - 1 >= (int64_t)length) error_argument(L, 3, "final position out of bounds");
  int64_t n = 0;
  const char *at = s->text + first - 1;
  const char *end = s->text + last;
  while (at < end) {
    uint32_t code;
    const char *next = decode(at, &code, strict);
    if (!next) {
      push_nil(L);
      push_int(L, at - s->text + 1);
      return 2;
    }
    at = next;
    n++;
  }
  push_int(L, n);
  return 1;
}

static int utf8_codepoint(Thread *L, Value *args, int count) {
  const Str *s = arg_str(L, args, count, 1);
  size_t length = str_length(s);
  int64_t first = position_from(arg_int_or(L, args, count, 2, 1), length);
  int64_t last = position_from(arg_int_or(L, args, count, 3, first), length);
  bool strict = is_falsy(arg(args, count, 4));
  if (first < 1) error_argument(L, 2, "out of bounds");
  if (last > (int64_t)length) error_argument(L, 3, "out of bounds");
  if (first > last) return 0;
  if (last - first >= INT_MAX) error_library(L, "string slice too long");
  stack_check(L, (int)(last - first) + 1, "string slice too long");
  int n = 0;
  const char *end = s->text + last;
  for (const char *at = s->text + first - 1; at < end; n++) {
    uint32_t code;
    at = decode(at, &code, strict);
    if (!at) error_library(L, INVALID);
    push_int(L, code);
  }
  return n;
}

static int utf8_char(Thread *L, Value *args, int count) {
  Buffer b;
  buffer_init(L, &b);
  for (int i = 1; i <= count; i++) {
    uint64_t code = (uint64_t)arg_int(L, args, count, i);
    if (code > MAX_CODE) error_argument(L, i, "value out of range");
    b.length += encode(buffer_reserve(&b, MAX_ENCODED), (uint32_t)code);
  }
  buffer_push(&b);
  return 1;
}

static int utf8_offset(Thread *L, Value *args, int count) {
  const Str *str = arg_str(L, args, count, 1);
  int64_t length = (int64_t)str_length(str);
  const char *s = str->text;
  int64_t n = arg_int(L, args, count, 2);
  int64_t at = position_from(arg_int_or(L, args, count, 3, n >= 0 ? 1 : length + 1), (size_t)length) - 1;
  if (at < 0 || at > length) error_argument(L, 3, "position out of bounds");
  if (n == 0) {
    while (at > 0 && is_continuation(s + at)) at--;
  } else {
    if (is_continuation(s + at)) error_library(L, "initial position is a continuation byte");
    if (n < 0) {
      for (; n < 0 && at > 0; n++) {
        do {
          at--;
        } while (at > 0 && is_continuation(s + at));
      }
    } else {
      for (n--; n > 0 && at < length; n--) {
        do {
          at++;
        } while (is_continuation(s + at));
      }
    }
  }
  if (n == 0)
    push_int(L, at + 1);
  else
    push_nil(L);
  return 1;
}

/* utf8.codes' iterator: string and position to the next position and code. */
static inline int codes_step(Thread *L, Value *args, int count, bool strict) {
  const Str *str = arg_str(L, args, count, 1);
  size_t length = str_length(str);
  int64_t position;
  if (!value_to_int(arg(args, count, 2), &position)) position = 0;
  size_t at = (size_t)position;
  if (at < length)
    while (is_continuation(str->text + at)) at++;
  if (at >= length) return 0;
  uint32_t code;
  const char *next = decode(str->text + at, &code, strict);
  if (!next || is_continuation(next)) error_library(L, INVALID);
  push_int(L, (int64_t)at + 1);
  push_int(L, code);
  return 2;
}

static int codes_step_strict(Thread *L, Value *args, int count) { return codes_step(L, args, count, true); }
static int codes_step_lax(Thread *L, Value *args, int count) { return codes_step(L, args, count, false); }

static int utf8_codes(Thread *L, Value *args, int count) {
  Str *s = arg_str(L, args, count, 1);
  if (is_continuation(s->text)) error_argument(L, 1, INVALID);
  bool strict = is_falsy(arg(args, count, 2));
  push_function(L, strict ? codes_step_strict : codes_step_lax, "utf8.codes iterator", 0);
  push_str(L, s);
  push_int(L, 0);
  return 3;
}

static const LibraryEntry entries[] = {
    {"char", utf8_char, SPECIAL_NONE},           {"codepoint", utf8_codepoint, SPECIAL_NONE},
    {"codes", utf8_codes, SPECIAL_NONE},         {"len", utf8_len, SPECIAL_NONE},
    {"offset", utf8_offset, SPECIAL_NONE},       {NULL, NULL, SPECIAL_NONE},
};

void open_utf8(Thread *L) {
  static const char one_character[] = "[\0-\x7F\xC2-\xFD][\x80-\xBF]*";
  Table *library = library_new(L, "utf8", entries);
  push_bytes(L, one_character, sizeof one_character - 1);
  table_set_str(L, library, str_from(L, "charpattern"), L->top - 1);
  L->top -= 2;
}
