/* string.pack, string.packsize and string.unpack. */
#include <limits.h>
#include <stdalign.h>
#include <string.h>

#include "string_parts.h"

#define MAX_INT_SIZE 16
#define INT_SIZE ((int)sizeof(int64_t))
#define MAX_TOTAL ((size_t)INT_MAX)

typedef enum Kind {
  KIND_INT,
  KIND_UNSIGNED,
  KIND_FLOAT,
  KIND_DOUBLE,
  KIND_CHARS,  /* of fixed size */
  KIND_STRING, /* its length in front */
  KIND_ZERO_STRING,
  KIND_PADDING,
  KIND_ALIGN,
  KIND_NOTHING
} Kind;

typedef struct Layout {
  Thread *L;
  const char *format; /* what is left of it */
  bool little;
  int max_align;
} Layout;

typedef struct Field {
  Kind kind;
  int size;
  int padding; /* bytes in front, to align it */
} Field;

static inline bool native_little(void) {
  const uint16_t one = 1;
  unsigned char first;
  memcpy(&first, &one, 1);
  return first == 1;
}

static void layout_init(Thread *L, Layout *layout, const Str *format) {
  layout->L = L;
  layout->format = format->text;
  layout->little = native_little();
  layout->max_align = 1;
}

static inline bool is_digit(char c) { return (unsigned char)(c - '0') < 10; }

static int read_number(Layout *layout, int otherwise) {
  if (!is_digit(*layout->format)) return otherwise;
  int number = 0;
  do {
    number = number * 10 + (*layout->format++ - '0');
  } while (is_digit(*layout->format) && number <= (INT_MAX - 9) / 10);
  return number;
}

static int read_int_size(Layout *layout, size_t otherwise) {
  int size = read_number(layout, (int)otherwise);
  if (size > MAX_INT_SIZE || size <= 0)
    error_library(layout->L, "integral size (%d) out of limits [1,%d]", size, MAX_INT_SIZE);
  return size;
}

/* Reads an option, or a setting (KIND_NOTHING). */
static Kind read_option(Layout *layout, int *size) {
  char option = *layout->format++;
  *size = 0;
  switch (option) {
    case 'b': *size = sizeof(char); return KIND_INT;
    case 'B': *size = sizeof(char); return KIND_UNSIGNED;
    case 'h': *size = sizeof(short); return KIND_INT;
    case 'H': *size = sizeof(short); return KIND_UNSIGNED;
    case 'l': *size = sizeof(long); return KIND_INT;
    case 'L': *size = sizeof(long); return KIND_UNSIGNED;
    case 'j': *size = sizeof(int64_t); return KIND_INT;
    case 'J': *size = sizeof(int64_t); return KIND_UNSIGNED;
    case 'T': *size = sizeof(size_t); return KIND_UNSIGNED;
    case 'f': *size = sizeof(float); return KIND_FLOAT;
    case 'n':
    case 'd': *size = sizeof(double); return KIND_DOUBLE;
    case 'i': *size = read_int_size(layout, sizeof(int)); return KIND_INT;
    case 'I': *size = read_int_size(layout, sizeof(int)); return KIND_UNSIGNED;
    case 's': *size = read_int_size(layout, sizeof(size_t)); return KIND_STRING;
    case 'c':
      *size = read_number(layout, -1);
      if (*size == -1) error_library(layout->L, "missing size for format option 'c'");
      return KIND_CHARS;
    case 'z': return KIND_ZERO_STRING;
    case 'x': *size = 1; return KIND_PADDING;
    case 'X': return KIND_ALIGN;
    case ' ': break;
    case '<': layout->little = true; break;
    case '>': layout->little = false; break;
    case '=': layout->little = native_little(); break;
    case '!': layout->max_align = read_int_size(layout, alignof(max_align_t) < 8 ? alignof(max_align_t) : 8); break;
    default: error_library(layout->L, "invalid format option '%c'", option);
  }
  return KIND_NOTHING;
}

/* The next field, at `offset`. */
static Field read_field(Layout *layout, size_t offset) {
  Field field;
  field.kind = read_option(layout, &field.size);
  int align = field.size;
  if (field.kind == KIND_ALIGN) { /* as the option that follows */
    if (*layout->format == '\0' || read_option(layout, &align) == KIND_CHARS || align == 0)
      error_argument(layout->L, 1, "invalid next option for option 'X'");
  }
  field.padding = 0;
  if (align > 1 && field.kind != KIND_CHARS) {
    if (align > layout->max_align) align = layout->max_align;
    if ((align & (align - 1)) != 0) error_argument(layout->L, 1, "format asks for alignment not power of 2");
    field.padding = (align - (int)(offset & (size_t)(align - 1))) & (align - 1);
  }
  return field;
}

static void add_zeros(Buffer *b, size_t n) {
  memset(buffer_reserve(b, n), 0, n);
  b->length += n;
}

static void add_int(Buffer *b, uint64_t u, bool little, int size, bool negative) {
  char *out = buffer_reserve(b, (size_t)size);
  for (int i = 0; i < size; i++) {
    uint64_t byte = i < INT_SIZE ? u >> 8 * i : negative ? 0xFF : 0;
    out[little ? i : size - 1 - i] = (char)(unsigned char)byte;
  }
  b->length += (size_t)size;
}

static void copy_bytes(char *to, const char *from, size_t size, bool little) {
  if (little == native_little())
    memcpy(to, from, size);
  else
    for (size_t i = 0; i < size; i++) to[i] = from[size - 1 - i];
}

static void add_bytes(Buffer *b, const void *from, size_t size, bool little) {
  copy_bytes(buffer_reserve(b, size), from, size, little);
  b->length += size;
}

int string_pack(Thread *L, Value *args, int count) {
  Layout layout;
  layout_init(L, &layout, arg_str(L, args, count, 1));
  Buffer b;
  buffer_init(L, &b);
  int n = 1;
  size_t total = 0;
  while (*layout.format) {
    Field field = read_field(&layout, total);
    int size = field.size;
    total += (size_t)field.padding + (size_t)size;
    add_zeros(&b, (size_t)field.padding);
    if (field.kind < KIND_PADDING) n++;
    switch (field.kind) {
      case KIND_INT: {
        int64_t i = arg_int(L, args, count, n);
        if (size < INT_SIZE) {
          int64_t limit = (int64_t)1 << (size * 8 - 1);
          if (i < -limit || i >= limit) error_argument(L, n, "integer overflow");
        }
        add_int(&b, (uint64_t)i, layout.little, size, i < 0);
        break;
      }
      case KIND_UNSIGNED: {
        uint64_t u = (uint64_t)arg_int(L, args, count, n);
        if (size < INT_SIZE && u >> size * 8 != 0) error_argument(L, n, "unsigned overflow");
        add_int(&b, u, layout.little, size, false);
        break;
      }
      case KIND_FLOAT: {
        float f = (float)arg_float(L, args, count, n);
        add_bytes(&b, &f, sizeof f, layout.little);
        break;
      }
      case KIND_DOUBLE: {
        double d = arg_float(L, args, count, n);
        add_bytes(&b, &d, sizeof d, layout.little);
        break;
      }
      case KIND_CHARS: {
        const Str *s = arg_str(L, args, count, n);
        size_t length = str_length(s);
        if (length > (size_t)size) error_argument(L, n, "string longer than given size");
        buffer_add(&b, s->text, length);
        add_zeros(&b, (size_t)size - length);
        break;
      }
      case KIND_STRING: {
        const Str *s = arg_str(L, args, count, n);
        size_t length = str_length(s);
        if (size < (int)sizeof(size_t) && length >> size * 8 != 0)
          error_argument(L, n, "string length does not fit in given size");
        add_int(&b, length, layout.little, size, false);
        buffer_add(&b, s->text, length);
        total += length;
        break;
      }
      case KIND_ZERO_STRING: {
        const Str *s = arg_str(L, args, count, n);
        size_t length = str_length(s);
        if (strlen(s->text) != length) error_argument(L, n, "string contains zeros");
        buffer_add(&b, s->text, length + 1);
        total += length + 1;
        break;
      }
      case KIND_PADDING: add_zeros(&b, 1); break;
      case KIND_ALIGN:
      case KIND_NOTHING: break;
    }
  }
  buffer_push(&b);
  return 1;
}

int string_packsize(Thread *L, Value *args, int count) {
  Layout layout;
  layout_init(L, &layout, arg_str(L, args, count, 1));
  size_t total = 0;
  while (*layout.format) {
    Field field = read_field(&layout, total);
    if (field.kind == KIND_STRING || field.kind == KIND_ZERO_STRING) error_argument(L, 1, "variable-length format");
    size_t size = (size_t)field.size + (size_t)field.padding;
    if (size > MAX_TOTAL || total > MAX_TOTAL - size) error_argument(L, 1, "format result too large");
    total += size;
  }
  push_int(L, (int64_t)total);
  return 1;
}

static int64_t read_int(Thread *L, const char *text, bool little, int size, bool is_signed) {
  uint64_t u = 0;
  int limit = size < INT_SIZE ? size : INT_SIZE;
  for (int i = limit - 1; i >= 0; i--) u = u << 8 | (unsigned char)text[little ? i : size - 1 - i];
  if (size < INT_SIZE) {
    uint64_t sign = (uint64_t)1 << (size * 8 - 1);
    if (is_signed) u = (u ^ sign) - sign;
  } else {
    unsigned char rest = is_signed && (int64_t)u < 0 ? 0xFF : 0;
    for (int i = limit; i < size; i++)
      if ((unsigned char)text[little ? i : size - 1 - i] != rest)
        error_library(L, "%d-byte integer does not fit into Lua Integer", size);
  }
  return (int64_t)u;
}

int string_unpack(Thread *L, Value *args, int count) {
  Layout layout;
  layout_init(L, &layout, arg_str(L, args, count, 1));
  const Str *data = arg_str(L, args, count, 2);
  const char *text = data->text;
  size_t length = str_length(data);
  size_t position = position_first(arg_int_or(L, args, count, 3, 1), length) - 1;
  if (position > length) error_argument(L, 3, "initial position out of string");
  int results = 0;
  while (*layout.format) {
    Field field = read_field(&layout, position);
    size_t size = (size_t)field.size;
    if ((size_t)field.padding + size > length - position) error_argument(L, 2, "data string too short");
    position += (size_t)field.padding;
    stack_check(L, 2, "too many results");
    if (field.kind < KIND_PADDING) results++;
    const char *from = text + position;
    switch (field.kind) {
      case KIND_INT:
      case KIND_UNSIGNED: push_int(L, read_int(L, from, layout.little, field.size, field.kind == KIND_INT)); break;
      case KIND_FLOAT: {
        float f;
        copy_bytes((char *)&f, from, sizeof f, layout.little);
        push_float(L, f);
        break;
      }
      case KIND_DOUBLE: {
        double d;
        copy_bytes((char *)&d, from, sizeof d, layout.little);
        push_float(L, d);
        break;
      }
      case KIND_CHARS: push_bytes(L, from, size); break;
      case KIND_STRING: {
        size_t bytes = (size_t)read_int(L, from, layout.little, field.size, false);
        if (bytes > length - position - size) error_argument(L, 2, "data string too short");
        push_bytes(L, from + size, bytes);
        position += bytes;
        break;
      }
      case KIND_ZERO_STRING: {
        size_t bytes = strlen(from);
        if (position + bytes >= length) error_argument(L, 2, "unfinished string for format 'z'");
        push_bytes(L, from, bytes);
        position += bytes + 1;
        break;
      }
      case KIND_PADDING:
      case KIND_ALIGN:
      case KIND_NOTHING: break;
    }
    position += size;
  }
  push_int(L, (int64_t)position + 1);
  return results + 1;
}
