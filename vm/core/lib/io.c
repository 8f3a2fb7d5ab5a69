/* The input and output library: files are userdata around C streams. */
#if !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE 1
#endif
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "capi/function.h"
#include "system.h"

#if defined(_WIN32)
typedef int64_t FileOffset;
static int seek_file(FILE *f, FileOffset offset, int whence) { return _fseeki64(f, offset, whence); }
static FileOffset tell_file(FILE *f) { return _ftelli64(f); }
static FILE *open_process(const char *command, const char *mode) { return _popen(command, mode); }
static int close_process(FILE *f) { return _pclose(f); }
static inline int get_char(FILE *f) { return getc(f); }
static inline void lock_file(FILE *f) { (void)f; }
static inline void unlock_file(FILE *f) { (void)f; }
#else
#include <sys/types.h>
typedef off_t FileOffset;
static int seek_file(FILE *f, FileOffset offset, int whence) { return fseeko(f, offset, whence); }
static FileOffset tell_file(FILE *f) { return ftello(f); }
static FILE *open_process(const char *command, const char *mode) { return popen(command, mode); }
static int close_process(FILE *f) { return pclose(f); }
static inline int get_char(FILE *f) { return getc_unlocked(f); }
static inline void lock_file(FILE *f) { flockfile(f); }
static inline void unlock_file(FILE *f) { funlockfile(f); }
#endif

#define READ_SIZE 1024
#define MAX_NUMERAL 200
#define MAX_LINE_FORMATS 250

#define CLOSED NULL

/* What C code knows as luaL_Stream: it makes such files too, and may call what closes ours. `stream` is NULL while closed
   or when opening failed. */
typedef struct File {
  FILE *stream;
  ForeignFunction closing; /* with the file as its argument; CLOSED */
} File;

/* The default files stand in the registry too, which keeps them alive. */
struct IOState {
  Table *meta;
  Userdata *input;
  Userdata *output;
};

static const char input_key[] = "_IO_input";
static const char output_key[] = "_IO_output";

static inline File *file_of(const VM *vm, const Value *v) {
  const Userdata *u = v->tag == TAG_USERDATA ? v->userdata : NULL;
  return u && u->meta == vm->io->meta && u->size >= sizeof(File) ? u->data : NULL;
}

static File *arg_file(Thread *L, const Value *args, int count, int n) {
  File *file = n <= count ? file_of(L->vm, &args[n - 1]) : NULL;
  if (UNLIKELY(!file)) error_argument_type(L, n, "FILE*");
  return file;
}

FILE *arg_file_stream(Thread *L, const Value *args, int count, int n) { return arg_file(L, args, count, n)->stream; }

static FILE *arg_stream(Thread *L, const Value *args, int count, int n) {
  File *file = arg_file(L, args, count, n);
  if (UNLIKELY(file->closing == CLOSED)) error_library(L, "attempt to use a closed file");
  return file->stream;
}

static inline FILE *default_stream(Thread *L, const Userdata *u, const char *what) {
  File *file = u->data;
  if (UNLIKELY(file->closing == CLOSED)) error_library(L, "default %s file is closed", what);
  return file->stream;
}

/* Pushes a closed file that nothing closes by itself. */
static Userdata *push_plain_file(Thread *L) {
  Userdata *u = push_userdata(L, sizeof(File), 0);
  ((File *)u->data)->closing = CLOSED;
  u->meta = L->vm->io->meta;
  return u;
}

/* Pushes a closed file. */
static File *push_file(Thread *L) {
  Userdata *u = push_plain_file(L);
  gc_check_finalizer(L, (Object *)u, u->meta);
  return u->data;
}

/* What `closing` is in files of this library. */
static int close_stream(lua_State *S);
static int close_process_stream(lua_State *S);
static int close_never(lua_State *S);

/* Closes an open file of this library and pushes what close returns. */
static int close_own(Thread *L, File *file, ForeignFunction closing) {
  FILE *stream = file->stream;
  if (closing == close_never) {
    file->closing = close_never;
    push_nil(L);
    push_text(L, "cannot close standard file");
    return 2;
  }
  file->closing = CLOSED;
  file->stream = NULL;
  errno = 0;
  if (closing == close_process_stream) return push_process_result(L, close_process(stream));
  return push_file_result(L, fclose(stream) == 0, NULL);
}

static int close_argument(lua_State *S, ForeignFunction closing) {
  Thread *L = state_thread(S);
  Value *args = thread_args(L);
  return close_own(L, arg_file(L, args, (int)(L->top - args), 1), closing);
}
static int close_stream(lua_State *S) { return close_argument(S, close_stream); }
static int close_process_stream(lua_State *S) { return close_argument(S, close_process_stream); }
static int close_never(lua_State *S) { return close_argument(S, close_never); }

/* Closes any open file and pushes what close returns. */
static int close_file(Thread *L, Userdata *u) {
  File *file = u->data;
  ForeignFunction closing = file->closing;
  if (closing == close_stream || closing == close_process_stream || closing == close_never)
    return close_own(L, file, closing);
  file->closing = CLOSED;
  ptrdiff_t level = L->top - L->stack;
  foreign_push_function(L, closing, 0);
  set_object(push(L), u, TAG_USERDATA);
  call_value(L, 1, MULTIPLE_RESULTS);
  return (int)(L->top - (L->stack + level));
}

static int file_close(Thread *L, Value *args, int count) {
  arg_stream(L, args, count, 1);
  return close_file(L, args[0].userdata);
}

static int io_close(Thread *L, Value *args, int count) {
  if (count > 0) return file_close(L, args, count);
  File *file = L->vm->io->output->data;
  if (file->closing == CLOSED) error_library(L, "attempt to use a closed file");
  return close_file(L, L->vm->io->output);
}

static int file_collect(Thread *L, Value *args, int count) {
  File *file = arg_file(L, args, count, 1);
  if (file->closing != CLOSED && file->stream) close_file(L, args[0].userdata);
  return 0;
}

static int file_tostring(Thread *L, Value *args, int count) {
  File *file = arg_file(L, args, count, 1);
  if (file->closing == CLOSED)
    push_text(L, "file (closed)");
  else
    push_format(L, "file (%p)", &args[0]);
  return 1;
}

static int io_type(Thread *L, Value *args, int count) {
  arg_any(L, args, count, 1);
  File *file = file_of(L->vm, &args[0]);
  if (!file)
    push_nil(L);
  else
    push_text(L, file->closing == CLOSED ? "closed file" : "file");
  return 1;
}

static bool mode_is_valid(const char *mode) {
  if (*mode == '\0' || !strchr("rwa", *mode)) return false;
  mode++;
  if (*mode == '+') mode++;
  return strspn(mode, "b") == strlen(mode);
}

/* Finishes what fopen or popen returned into the file pushed before. */
static int finish_open(Thread *L, File *file, FILE *stream, ForeignFunction closing, const char *path) {
  if (!stream) return push_file_result(L, false, path);
  file->stream = stream;
  file->closing = closing;
  return 1;
}

static int io_open(Thread *L, Value *args, int count) {
  const char *path = arg_str(L, args, count, 1)->text;
  const Str *mode = arg_str_or_null(L, args, count, 2);
  if (mode && !mode_is_valid(mode->text)) error_argument(L, 2, "invalid mode");
  File *file = push_file(L);
  errno = 0;
  return finish_open(L, file, fopen(path, mode ? mode->text : "r"), close_stream, path);
}

static int io_popen(Thread *L, Value *args, int count) {
  const char *command = arg_str(L, args, count, 1)->text;
  const Str *mode_text = arg_str_or_null(L, args, count, 2);
  const char *mode = mode_text ? mode_text->text : "r";
  if ((mode[0] != 'r' && mode[0] != 'w') || mode[1] != '\0') error_argument(L, 2, "invalid mode");
  File *file = push_file(L);
  fflush(NULL);
  errno = 0;
  return finish_open(L, file, open_process(command, mode), close_process_stream, command);
}

static int io_tmpfile(Thread *L, Value *args, int count) {
  (void)args;
  (void)count;
  File *file = push_file(L);
  errno = 0;
  return finish_open(L, file, tmpfile(), close_stream, NULL);
}

/* Pushes an open file, or throws. */
static void open_or_throw(Thread *L, const char *path, const char *mode) {
  if (L->vm->sandboxed) error_library(L, "%s cannot open files in the sandbox", running_function(L)->name);
  File *file = push_file(L);
  FILE *stream = fopen(path, mode);
  if (!stream) error_library(L, "cannot open file '%s' (%s)", path, strerror(errno));
  finish_open(L, file, stream, close_stream, path);
}

/* io.input and io.output: sets the default file if there is an argument, returns it. */
static int default_file(Thread *L, Value *args, int count, Userdata **which, const char *key, const char *mode) {
  if (!absent_or_nil(args, count, 1)) {
    if (is_string(&args[0]) || is_number(&args[0])) {
      open_or_throw(L, arg_str(L, args, count, 1)->text, mode);
    } else {
      arg_stream(L, args, count, 1);
      push_value(L, &args[0]);
    }
    *which = L->top[-1].userdata;
    table_set_str(L, L->vm->registry.table, str_from(L, key), L->top - 1);
    L->top--;
  }
  Value *v = push(L);
  set_object(v, *which, TAG_USERDATA);
  return 1;
}

static int io_input(Thread *L, Value *args, int count) {
  return default_file(L, args, count, &L->vm->io->input, input_key, "r");
}

static int io_output(Thread *L, Value *args, int count) {
  return default_file(L, args, count, &L->vm->io->output, output_key, "w");
}

/* Reading. Each reader pushes one value and tells whether it read something. */

typedef struct Numeral {
  FILE *stream;
  int next;
  int length;
  char text[MAX_NUMERAL + 1];
} Numeral;

static bool numeral_take(Numeral *n) {
  if (n->length >= MAX_NUMERAL) {
    n->text[0] = '\0'; /* too long to be valid */
    return false;
  }
  n->text[n->length++] = (char)n->next;
  n->next = get_char(n->stream);
  return true;
}

static bool numeral_take_either(Numeral *n, char a, char b) {
  return (n->next == a || n->next == b) && numeral_take(n);
}

static int numeral_take_digits(Numeral *n, bool hexadecimal) {
  int digits = 0;
  while ((hexadecimal ? isxdigit(n->next) : isdigit(n->next)) && numeral_take(n)) digits++;
  return digits;
}

static bool read_number(Thread *L, FILE *stream) {
  Numeral n;
  Value number;
  int digits = 0;
  bool hexadecimal = false;
  n.stream = stream;
  n.length = 0;
  lock_file(stream);
  do {
    n.next = get_char(stream);
  } while (isspace(n.next));
  numeral_take_either(&n, '-', '+');
  if (numeral_take_either(&n, '0', '0')) {
    if (numeral_take_either(&n, 'x', 'X'))
      hexadecimal = true;
    else
      digits = 1;
  }
  digits += numeral_take_digits(&n, hexadecimal);
  if (numeral_take_either(&n, '.', '.')) digits += numeral_take_digits(&n, hexadecimal);
  if (digits > 0 && numeral_take_either(&n, hexadecimal ? 'p' : 'e', hexadecimal ? 'P' : 'E')) {
    numeral_take_either(&n, '-', '+');
    numeral_take_digits(&n, false);
  }
  ungetc(n.next, stream);
  unlock_file(stream);
  n.text[n.length] = '\0';
  if (!number_read(n.text, strlen(n.text), &number)) {
    push_nil(L);
    return false;
  }
  push_value(L, &number);
  return true;
}

static bool read_nothing(Thread *L, FILE *stream) {
  int c = getc(stream);
  ungetc(c, stream);
  push_bytes(L, "", 0);
  return c != EOF;
}

static bool read_line(Thread *L, FILE *stream, bool keep_end) {
  Buffer b;
  int c;
  buffer_init(L, &b);
  do {
    char *out = buffer_reserve(&b, sizeof b.initial);
    size_t got = 0;
    lock_file(stream); /* nothing in between can throw */
    while (got < sizeof b.initial && (c = get_char(stream)) != EOF && c != '\n') out[got++] = (char)c;
    unlock_file(stream);
    b.length += got;
  } while (c != EOF && c != '\n');
  if (keep_end && c == '\n') buffer_add_char(&b, '\n');
  return str_length(buffer_push(&b)) > 0 || c == '\n';
}

static void read_all(Thread *L, FILE *stream) {
  Buffer b;
  size_t wanted, got;
  buffer_init(L, &b);
  do {
    buffer_reserve(&b, READ_SIZE);
    wanted = b.capacity - b.length;
    got = fread(b.data + b.length, 1, wanted, stream);
    b.length += got;
  } while (got == wanted);
  buffer_push(&b);
}

static bool read_bytes(Thread *L, FILE *stream, size_t wanted) {
  Buffer b;
  buffer_init(L, &b);
  size_t got = fread(buffer_reserve(&b, wanted), 1, wanted, stream);
  b.length += got;
  buffer_push(&b);
  return got > 0;
}

/* Reads by the formats in arguments first to count; returns the number of results. */
static int read_formats(Thread *L, FILE *stream, int first, int count) {
  bool success = true;
  int results = 0;
  clearerr(stream);
  errno = 0;
  if (count < first) {
    success = read_line(L, stream, false);
    results = 1;
  } else {
    stack_check(L, count - first + 1 + MIN_C_SLOTS, "too many arguments");
    Value *args = thread_args(L);
    for (int n = first; n <= count && success; n++) {
      results++;
      if (is_number(&args[n - 1])) {
        size_t wanted = (size_t)arg_int(L, args, count, n);
        success = wanted == 0 ? read_nothing(L, stream) : read_bytes(L, stream, wanted);
        continue;
      }
      const char *format = arg_str(L, args, count, n)->text;
      if (*format == '*') format++;
      switch (*format) {
      case 'n': success = read_number(L, stream); break;
      case 'l': success = read_line(L, stream, false); break;
      case 'L': success = read_line(L, stream, true); break;
      case 'a': read_all(L, stream); break;
      default: error_argument(L, n, "invalid format");
      }
    }
  }
  if (ferror(stream)) return push_file_result(L, false, NULL);
  if (!success) set_nil(L->top - 1);
  return results;
}

static int io_read(Thread *L, Value *args, int count) {
  (void)args;
  return read_formats(L, default_stream(L, L->vm->io->input, "input"), 1, count);
}

static int file_read(Thread *L, Value *args, int count) {
  return read_formats(L, arg_stream(L, args, count, 1), 2, count);
}

/* What lines returns. Upvalues: the file, whether to close it at its end, the formats. */
static int lines_step(Thread *L, Value *args, int count) {
  CFn *f = running_function(L);
  File *file = f->upvalues[0].userdata->data;
  int formats = f->upvalue_count - 2;
  if (file->closing == CLOSED) error_library(L, "file is already closed");
  if (count == 0) push_nil(L); /* the formats begin at the second argument */
  L->top = args + 1;
  stack_check(L, formats + MIN_C_SLOTS, "too many arguments");
  for (int i = 0; i < formats; i++) push_value(L, &f->upvalues[i + 2]);
  int results = read_formats(L, file->stream, 2, formats + 1);
  if (!is_falsy(L->top - results)) return results;
  if (results > 1) error_library(L, "%s", L->top[1 - results].str->text);
  if (!is_falsy(&f->upvalues[1])) close_file(L, f->upvalues[0].userdata);
  return 0;
}

/* Pushes the iterator over the file in the first argument; the formats are behind it. */
static void push_lines(Thread *L, int count, bool close_at_end) {
  int formats = count - 1;
  if (formats > MAX_LINE_FORMATS) error_argument(L, MAX_LINE_FORMATS + 2, "too many arguments");
  stack_check(L, formats + MIN_C_SLOTS, "too many arguments");
  const Value *args = thread_args(L);
  push_value(L, &args[0]);
  push_bool(L, close_at_end);
  for (int i = 1; i <= formats; i++) push_value(L, &args[i]);
  push_function(L, lines_step, "io.lines iterator", formats + 2);
}

static int file_lines(Thread *L, Value *args, int count) {
  arg_stream(L, args, count, 1);
  push_lines(L, count, false);
  return 1;
}

static int io_lines(Thread *L, Value *args, int count) {
  if (count == 0) {
    push_nil(L);
    count = 1;
  }
  if (is_nil(&args[0])) {
    set_object(&args[0], L->vm->io->input, TAG_USERDATA);
    arg_stream(L, args, count, 1);
    push_lines(L, count, false);
    return 1;
  }
  open_or_throw(L, arg_str(L, args, count, 1)->text, "r");
  value_copy(&args[0], --L->top);
  push_lines(L, count, true);
  push_nil(L);
  push_nil(L);
  push_value(L, thread_args(L));
  return 4;
}

/* Writes arguments first to count; the file to return is on the top. */
static int write_values(Thread *L, FILE *stream, Value *args, int first, int count) {
  bool success = true;
  errno = 0;
  for (int n = first; n <= count; n++) {
    Value *v = &args[n - 1];
    if (LIKELY(is_string(v))) {
      size_t length = str_length(v->str);
      success = fwrite(v->str->text, 1, length, stream) == length && success;
    } else if (is_int(v)) {
      char text[NUMBER_TEXT];
      size_t length = int_write(text, v->i);
      success = fwrite(text, 1, length, stream) == length && success;
    } else if (is_float(v)) {
      success = fprintf(stream, "%.14g", v->n) > 0 && success;
    } else {
      error_argument_type(L, n, "string");
    }
  }
  return LIKELY(success) ? 1 : push_file_result(L, false, NULL);
}

static int io_write(Thread *L, Value *args, int count) {
  Userdata *output = L->vm->io->output;
  FILE *stream = default_stream(L, output, "output");
  int results = write_values(L, stream, args, 1, count);
  if (results > 1) return results;
  Value *v = push(L);
  set_object(v, output, TAG_USERDATA);
  return 1;
}

static int file_write(Thread *L, Value *args, int count) {
  FILE *stream = arg_stream(L, args, count, 1);
  int results = write_values(L, stream, args, 2, count);
  if (results == 1) push_value(L, &args[0]);
  return results;
}

static int file_seek(Thread *L, Value *args, int count) {
  static const int modes[] = {SEEK_SET, SEEK_CUR, SEEK_END};
  static const char *const names[] = {"set", "cur", "end", NULL};
  FILE *stream = arg_stream(L, args, count, 1);
  int option = arg_option(L, args, count, 2, "cur", names);
  int64_t wanted = arg_int_or(L, args, count, 3, 0);
  FileOffset offset = (FileOffset)wanted;
  if ((int64_t)offset != wanted) error_argument(L, 3, "not an integer in proper range");
  errno = 0;
  if (seek_file(stream, offset, modes[option]) != 0) return push_file_result(L, false, NULL);
  push_int(L, (int64_t)tell_file(stream));
  return 1;
}

static int file_setvbuf(Thread *L, Value *args, int count) {
  static const int modes[] = {_IONBF, _IOFBF, _IOLBF};
  static const char *const names[] = {"no", "full", "line", NULL};
  FILE *stream = arg_stream(L, args, count, 1);
  int option = arg_option(L, args, count, 2, NULL, names);
  int64_t size = arg_int_or(L, args, count, 3, READ_SIZE);
  errno = 0;
  return push_file_result(L, setvbuf(stream, NULL, modes[option], (size_t)size) == 0, NULL);
}

static int flush_stream(Thread *L, FILE *stream) {
  errno = 0;
  return push_file_result(L, fflush(stream) == 0, NULL);
}

static int io_flush(Thread *L, Value *args, int count) {
  (void)args;
  (void)count;
  return flush_stream(L, default_stream(L, L->vm->io->output, "output"));
}

static int file_flush(Thread *L, Value *args, int count) { return flush_stream(L, arg_stream(L, args, count, 1)); }

static const LibraryEntry entries[] = {
  {"close", io_close, SPECIAL_NONE},
  {"flush", io_flush, SPECIAL_NONE},
  {"input", io_input, SPECIAL_NONE},
  {"lines", io_lines, SPECIAL_NONE},
  {"open", io_open, SPECIAL_NONE},
  {"output", io_output, SPECIAL_NONE},
  {"popen", io_popen, SPECIAL_NONE},
  {"read", io_read, SPECIAL_NONE},
  {"tmpfile", io_tmpfile, SPECIAL_NONE},
  {"type", io_type, SPECIAL_NONE},
  {"write", io_write, SPECIAL_NONE},
  {NULL, NULL, SPECIAL_NONE},
};

typedef struct Method {
  const char *key;
  CFunction call;
  const char *name;
} Method;

static const Method methods[] = {
  {"close", file_close, "file:close"},
  {"flush", file_flush, "file:flush"},
  {"lines", file_lines, "file:lines"},
  {"read", file_read, "file:read"},
  {"seek", file_seek, "file:seek"},
  {"setvbuf", file_setvbuf, "file:setvbuf"},
  {"write", file_write, "file:write"},
  {NULL, NULL, NULL},
};

static const Method metamethods[] = {
  {"__gc", file_collect, "file.__gc"},
  {"__close", file_collect, "file.__close"},
  {"__tostring", file_tostring, "file.__tostring"},
  {NULL, NULL, NULL},
};

static void set_methods(Thread *L, Table *t, const Method *list) {
  for (; list->key; list++) {
    push_function(L, list->call, list->name, 0);
    set_from_top(L, t, list->key);
  }
}

/* The metatable, registered as "FILE*". */
static Table *file_metatable(Thread *L) {
  Table *meta = table_new(L, 0, 8);
  push_table(L, meta);
  set_from_top(L, L->vm->registry.table, "FILE*");
  push_text(L, "FILE*");
  set_from_top(L, meta, "__name");
  set_methods(L, meta, metamethods);
  Table *index = table_new(L, 0, 8);
  push_table(L, index);
  set_from_top(L, meta, "__index");
  set_methods(L, index, methods);
  return meta;
}

static Userdata *standard_file(Thread *L, Table *library, FILE *stream, const char *name, const char *key) {
  Userdata *u = push_plain_file(L);
  File *file = u->data;
  file->stream = stream;
  file->closing = close_never;
  if (key) {
    push_value(L, L->top - 1);
    set_from_top(L, L->vm->registry.table, key);
  }
  set_from_top(L, library, name);
  return u;
}

void open_io(Thread *L) {
  Table *library = library_new(L, "io", entries);
  struct IOState *io = push_userdata(L, sizeof *io, 0)->data;
  set_from_top(L, L->vm->registry.table, "_IO_state");
  L->vm->io = io;
  io->meta = file_metatable(L);
  io->input = standard_file(L, library, stdin, "stdin", input_key);
  io->output = standard_file(L, library, stdout, "stdout", output_key);
  standard_file(L, library, stderr, "stderr", NULL);
  L->top--;
}
