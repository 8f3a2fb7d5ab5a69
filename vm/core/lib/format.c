/* string.format. Integers, strings and the usual floats are written by hand, the rest by snprintf. */
#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "objects/serial.h"
#include "string_parts.h"

#define MAX_SPECIFICATION 22            /* with flags, width and precision */
#define MAX_ITEM (110 + 308)            /* "%.99f" of the largest float */
#define FLAGS_FLOAT "-+#0 "
#define FLAGS_HEX "-#0"
#define FLAGS_INT "-+0 "
#define FLAGS_UNSIGNED "-0"
#define FLAGS_TEXT "-"

/* A conversion such as "%-5.2f", as text and, once checked, in parts. */
typedef struct Conversion {
  char text[MAX_SPECIFICATION + 2];
  bool left, plus, space, alternative, zero;
  int width;
  int precision; /* -1: none */
} Conversion;

/* Reads flags, width, precision and the letter behind a '%' into c->text; returns the letter's place. */
static const char *conversion_read(Thread *L, const char *s, Conversion *c) {
  size_t length = strspn(s, FLAGS_FLOAT "123456789.") + 1;
  if (length >= MAX_SPECIFICATION) error_library(L, "invalid format (too long)");
  c->text[0] = '%';
  memcpy(c->text + 1, s, length);
  c->text[length + 1] = '\0';
  return s + length - 1;
}

static inline bool is_digit(char c) { return (unsigned char)(c - '0') < 10; }

static const char *read_two_digits(const char *s, int *number) {
  for (int i = 0; i < 2 && is_digit(*s); i++) *number = *number * 10 + (*s++ - '0');
  return s;
}

/* Fills in the parts; throws if the text has more than the flags, width and precision that its letter allows. */
static void conversion_check(Thread *L, Conversion *c, const char *flags, bool with_precision) {
  c->left = c->plus = c->space = c->alternative = c->zero = false;
  c->width = 0;
  c->precision = -1;
  const char *s = c->text + 1;
  for (; *s && strchr(flags, *s); s++) {
    switch (*s) {
      case '-': c->left = true; break;
      case '+': c->plus = true; break;
      case ' ': c->space = true; break;
      case '#': c->alternative = true; break;
      default: c->zero = true; break;
    }
  }
  if (*s != '0') {
    s = read_two_digits(s, &c->width);
    if (*s == '.' && with_precision) {
      c->precision = 0;
      s = read_two_digits(s + 1, &c->precision);
    }
  }
  if (!isalpha((unsigned char)*s)) error_library(L, "invalid conversion specification: '%s'", c->text);
}

/* Adds prefix and body, padded to the width: with zeros in between if `zeros`. */
static void add_padded(Buffer *b, const Conversion *c, const char *prefix, size_t prefix_length, const char *body,
                       size_t length, bool zeros) {
  size_t total = prefix_length + length;
  size_t padding = (size_t)c->width > total ? (size_t)c->width - total : 0;
  char *out = buffer_reserve(b, total + padding);
  if (!c->left && !zeros) {
    memset(out, ' ', padding);
    out += padding;
  }
  memcpy(out, prefix, prefix_length);
  out += prefix_length;
  if (!c->left && zeros) {
    memset(out, '0', padding);
    out += padding;
  }
  memcpy(out, body, length);
  if (c->left) memset(out + length, ' ', padding);
  b->length += total + padding;
}

static const char *sign_of(const Conversion *c, bool negative) {
  return negative ? "-" : c->plus ? "+" : c->space ? " " : "";
}

static void add_int(Buffer *b, const Conversion *c, char letter, int64_t i) {
  char digits[128];
  char *end = digits + sizeof digits;
  char *first = end;
  const char *prefix = "";
  uint64_t u = (uint64_t)i;
  if (letter == 'd' || letter == 'i') {
    prefix = sign_of(c, i < 0);
    if (i < 0) u = 0 - u;
  } else if (c->alternative && letter != 'o' && u != 0) {
    prefix = letter == 'x' ? "0x" : "0X";
  }
  if (letter == 'x' || letter == 'X') {
    const char *alphabet = letter == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";
    for (; u != 0; u >>= 4) *--first = alphabet[u & 15];
  } else if (letter == 'o') {
    for (; u != 0; u >>= 3) *--first = (char)('0' + (u & 7));
    if (c->alternative) *--first = '0';
  } else {
    for (; u != 0; u /= 10) *--first = (char)('0' + u % 10);
  }
  int least = c->precision < 0 ? 1 : c->precision;
  while (end - first < least) *--first = '0';
  add_padded(b, c, prefix, strlen(prefix), first, (size_t)(end - first), c->zero && c->precision < 0);
}

/* What snprintf makes of the conversion, with a dot for the locale's point. */
static void add_by_snprintf(Buffer *b, const Conversion *c, double n) {
  char *out = buffer_reserve(b, MAX_ITEM);
  int length = snprintf(out, MAX_ITEM, c->text, n);
  char point = *localeconv()->decimal_point;
  if (point != '.') {
    char *found = memchr(out, point, (size_t)length);
    if (found) *found = '.';
  }
  b->length += (size_t)length;
}

static void add_float(Buffer *b, const Conversion *c, char letter, double n) {
  char text[NUMBER_TEXT];
  size_t length = 0;
  int precision = c->precision < 0 ? 6 : c->precision;
  if (!c->alternative && letter == 'f') length = float_write_fixed(text, n, precision);
  if (!c->alternative && letter == 'g') length = float_write_general(text, n, precision);
  if (length == 0) {
    add_by_snprintf(b, c, n);
    return;
  }
  bool negative = text[0] == '-';
  const char *sign = sign_of(c, negative);
  add_padded(b, c, sign, strlen(sign), text + negative, length - negative, c->zero);
}

/* A string literal that Lua reads back as these bytes. */
static void add_quoted(Buffer *b, const Str *str) {
  const char *s = str->text;
  const char *end = s + str_length(str);
  buffer_add_char(b, '"');
  for (; s < end; s++) {
    if (*s == '"' || *s == '\\' || *s == '\n') {
      buffer_add_char(b, '\\');
      buffer_add_char(b, *s);
    } else if ((unsigned char)*s < 32 || *s == 127) {
      char text[8];
      int length = snprintf(text, sizeof text, is_digit(s[1]) ? "\\%03d" : "\\%d", *s);
      buffer_add(b, text, (size_t)length);
    } else {
      buffer_add_char(b, *s);
    }
  }
  buffer_add_char(b, '"');
}

/* %q: what Lua reads back as the same value. */
static void add_literal(Thread *L, Buffer *b, const Value *v, int n) {
  char text[NUMBER_TEXT];
  const char *fixed = text;
  switch (v->tag) {
    case TAG_STR:
    case TAG_LONGSTR: add_quoted(b, v->str); return;
    case TAG_NIL: fixed = "nil"; break;
    case TAG_FALSE: fixed = "false"; break;
    case TAG_TRUE: fixed = "true"; break;
    case TAG_INT:
      if (v->i == INT64_MIN)
        fixed = "0x8000000000000000"; /* the decimal numeral would be a float */
      else
        int_write(text, v->i);
      break;
    case TAG_FLOAT:
      if (isnan(v->n)) {
        fixed = "(0/0)";
      } else if (isinf(v->n)) {
        fixed = v->n > 0 ? "1e9999" : "-1e9999";
      } else {
        Conversion c = {.text = "%a"};
        add_by_snprintf(b, &c, v->n);
        return;
      }
      break;
    default: error_argument(L, n, "value has no literal form");
  }
  buffer_add(b, fixed, strlen(fixed));
}

static void add_pointer(Thread *L, Buffer *b, const Conversion *c, const Value *v) {
  char text[SERIAL_TEXT] = "(null)";
  if (serial_address(L, v) != 0) serial_write(text, L, v);
  add_padded(b, c, "", 0, text, strlen(text), false);
}

/* %s. May call __tostring. */
static void add_string(Thread *L, Buffer *b, Conversion *c, int n) {
  const Value *v = &thread_args(L)[n - 1];
  bool plain = c->text[1] == 's';
  if (plain && is_number(v)) {
    b->length += number_write(buffer_reserve(b, NUMBER_TEXT), v);
    return;
  }
  bool pushed = !is_string(v);
  Value copy;
  value_copy(&copy, v);
  const Str *s = pushed ? value_tostring(L, &copy) : v->str;
  size_t length = str_length(s);
  if (plain) {
    buffer_add(b, s->text, length);
  } else {
    if (strlen(s->text) != length) error_argument(L, n, "string contains zeros");
    conversion_check(L, c, FLAGS_TEXT, true);
    if (c->precision >= 0 && (size_t)c->precision < length) length = (size_t)c->precision;
    add_padded(b, c, "", 0, s->text, length, false);
  }
  if (pushed) L->top--;
}

int string_format(Thread *L, Value *args, int count) {
  const Str *format = arg_str(L, args, count, 1);
  const char *s = format->text;
  const char *end = s + str_length(format);
  int n = 1;
  Buffer b;
  buffer_init(L, &b);
  for (;;) {
    const char *percent = s;
    while (percent < end && *percent != '%') percent++;
    buffer_add(&b, s, (size_t)(percent - s));
    if (percent == end) break;
    s = percent + 1;
    if (*s == '%') {
      buffer_add_char(&b, *s++);
      continue;
    }
    if (++n > count) error_argument(L, n, "no value");
    args = thread_args(L);
    Value *v = &args[n - 1];
    if (*s == 'd' && is_int(v)) {
      b.length += int_write(buffer_reserve(&b, NUMBER_TEXT), v->i);
      s++;
      continue;
    }
    if (*s == 's' && is_string(v)) {
      buffer_add(&b, v->str->text, str_length(v->str));
      s++;
      continue;
    }
    Conversion c;
    s = conversion_read(L, s, &c);
    char letter = *s++;
    switch (letter) {
      case 'c': {
        conversion_check(L, &c, FLAGS_TEXT, false);
        char byte = (char)arg_int(L, args, count, n);
        add_padded(&b, &c, "", 0, &byte, 1, false);
        break;
      }
      case 'd': case 'i': case 'u': case 'o': case 'x': case 'X': {
        int64_t i = arg_int(L, args, count, n);
        conversion_check(L, &c, letter == 'u' ? FLAGS_UNSIGNED : letter == 'd' || letter == 'i' ? FLAGS_INT : FLAGS_HEX,
                         true);
        add_int(&b, &c, letter, i);
        break;
      }
      case 'a': case 'A':
        conversion_check(L, &c, FLAGS_FLOAT, true);
        add_by_snprintf(&b, &c, arg_float(L, args, count, n));
        break;
      case 'f': case 'e': case 'E': case 'g': case 'G': {
        double number = arg_float(L, args, count, n);
        conversion_check(L, &c, FLAGS_FLOAT, true);
        add_float(&b, &c, letter, number);
        break;
      }
      case 'p':
        conversion_check(L, &c, FLAGS_TEXT, false);
        add_pointer(L, &b, &c, v);
        break;
      case 'q':
        if (c.text[2] != '\0') error_library(L, "specifier '%%q' cannot have modifiers");
        add_literal(L, &b, v, n);
        break;
      case 's': add_string(L, &b, &c, n); break;
      default: error_library(L, "invalid conversion '%s' to 'format'", c.text);
    }
  }
  buffer_push(&b);
  return 1;
}
