/* Chunks into functions: load, loadfile, dofile, and what the embedder and require use for it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "chunk.h"
#include "sandbox.h"

#define READ_SIZE 4096

/* What load_binary is asked for. */
typedef struct Binary {
  const uint8_t *bytes;
  size_t length;
  const char *chunkname;
} Binary;

static void load_binary(Thread *L, void *context) {
  const Binary *binary = context;
  LuaFn *function = chunk_load(L, binary->bytes, binary->length, binary->chunkname);
  if (function->upvalue_count > 0) {
    UpVal *environment = function->upvalues[0];
    set_table(environment->v, L->vm->globals);
    gc_barrier_value(L, environment, environment->v);
  }
}

static int compile_and_load(Thread *L, const char *text, size_t length, const char *chunkname) {
  VM *vm = L->vm;
  char *message = NULL;
  size_t chunk_length = 0;
  if (!vm->compile) {
    push_text(L, "no compiler to load text with");
    return STATUS_SYNTAX;
  }
  uint8_t *chunk = vm->compile(vm->compile_context, text, length, chunkname, &chunk_length, &message);
  if (!chunk) {
    push_text(L, message ? message : "not enough memory");
    free(message);
    return STATUS_SYNTAX;
  }
  Binary binary = {chunk, chunk_length, chunkname};
  int status = call_protected_body(L, load_binary, &binary);
  free(chunk);
  return status;
}

int load_chunk(Thread *L, const char *text, size_t length, const char *chunkname, const char *mode) {
  bool is_binary = length > 0 && text[0] == CHUNK_SIGNATURE[0];
  if (mode && !strchr(mode, is_binary ? 'b' : 't')) {
    push_format(L, "attempt to load a %s chunk (mode is '%s')", is_binary ? "binary" : "text", mode);
    return STATUS_SYNTAX;
  }
  if (!is_binary) return compile_and_load(L, text, length, chunkname);
  Binary binary = {(const uint8_t *)text, length, chunkname};
  return call_protected_body(L, load_binary, &binary);
}

/* The next character behind a byte order mark. An incomplete mark is left as it is: no chunk begins like that. */
static int skip_byte_order_mark(FILE *file) {
  int c = getc(file);
  if (c == 0xEF && getc(file) == 0xBB && getc(file) == 0xBF) return getc(file);
  return c;
}

/* Skips a first line that begins with '#'; *c becomes the first character of the chunk. */
static bool skip_first_line_comment(FILE *file, int *c) {
  *c = skip_byte_order_mark(file);
  if (*c != '#') return false;
  do {
    *c = getc(file);
  } while (*c != EOF && *c != '\n');
  *c = getc(file);
  return true;
}

/* Pushes the contents of a file as a string. */
static void read_source(Thread *L, void *context) {
  FILE *file = context;
  int c;
  bool commented = skip_first_line_comment(file, &c);
  Buffer b;
  buffer_init(L, &b);
  if (commented && c != CHUNK_SIGNATURE[0]) buffer_add_char(&b, '\n');
  if (c != EOF) {
    buffer_add_char(&b, (char)c);
    size_t got;
    do {
      errno = 0;
      got = fread(buffer_reserve(&b, READ_SIZE), 1, READ_SIZE, file);
      b.length += got;
    } while (got == READ_SIZE);
  }
  buffer_push(&b);
}

static int push_file_error(Thread *L, const char *what, const char *path, int error) {
  if (error)
    push_format(L, "cannot %s %s: %s", what, path, strerror(error));
  else if (L->vm->sandboxed)
    push_format(L, "cannot %s %s: %s", what, path, SANDBOX_REFUSAL);
  else
    push_format(L, "cannot %s %s", what, path);
  return STATUS_ERROR;
}

int load_file(Thread *L, const char *path, const char *mode) {
  FILE *file = stdin;
  if (path) {
    file = sandbox_open(L->vm, path);
    if (!file) return push_file_error(L, "open", path, errno);
  }
  errno = 0;
  ptrdiff_t place = L->top - L->stack;
  int status = call_protected_body(L, read_source, file);
  int error = errno;
  bool unreadable = ferror(file);
  if (path) fclose(file);
  if (unreadable) {
    L->top = L->stack + place;
    return push_file_error(L, "read", path ? path : "stdin", error);
  }
  if (status != STATUS_OK) return status;
  const Str *source = L->top[-1].str;
  const char *chunkname = path ? push_format(L, "@%s", path)->text : "=stdin";
  status = load_chunk(L, source->text, str_length(source), chunkname, mode);
  value_copy(L->stack + place, L->top - 1);
  L->top = L->stack + place + 1;
  return status;
}

/* What load and loadfile return, with the loaded function or the message on the top. `environment` is the argument,
   NULL if not given. */
static int finish_load(Thread *L, int status, const Value *environment) {
  if (status != STATUS_OK) {
    push_value(L, L->top - 1);
    set_nil(L->top - 2);
    return 2;
  }
  if (environment) {
    const LuaFn *function = L->top[-1].luafn;
    if (function->upvalue_count > 0) {
      value_copy(function->upvalues[0]->v, environment);
      gc_barrier_value(L, function->upvalues[0], environment);
    }
  }
  return 1;
}

/* Joins what the reader function in the first argument returns: pushes the string. */
static void read_pieces(Thread *L, void *context) {
  (void)context;
  Buffer b;
  buffer_init(L, &b);
  for (;;) {
    push_value(L, thread_args(L));
    call_value(L, 0, 1);
    const Value *piece = L->top - 1;
    if (is_nil(piece)) break;
    if (!is_string(piece) && !is_number(piece)) error_library(L, "reader function must return a string");
    size_t before = b.length;
    buffer_add_value(&b);
    if (b.length == before) {
      push_nil(L);
      break;
    }
  }
  L->top--;
  buffer_push(&b);
}

static int base_load(Thread *L, Value *args, int count) {
  const Str *mode = arg_str_or_null(L, args, count, 3);
  const char *chunkname;
  int status = STATUS_OK;
  const Str *text;
  if (count > 0 && (is_string(&args[0]) || is_number(&args[0]))) {
    text = arg_str(L, args, count, 1);
    const Str *name = arg_str_or_null(L, args, count, 2);
    chunkname = name ? name->text : text->text;
  } else {
    const Str *name = arg_str_or_null(L, args, count, 2);
    chunkname = name ? name->text : "=(load)";
    arg_function(L, args, count, 1);
    status = call_transparent_body(L, read_pieces, NULL);
    text = status == STATUS_OK ? L->top[-1].str : NULL;
  }
  if (text) status = load_chunk(L, text->text, str_length(text), chunkname, mode ? mode->text : "bt");
  return finish_load(L, status, count >= 4 ? thread_args(L) + 3 : NULL);
}

static int base_loadfile(Thread *L, Value *args, int count) {
  const Str *path = arg_str_or_null(L, args, count, 1);
  const Str *mode = arg_str_or_null(L, args, count, 2);
  int status = load_file(L, path ? path->text : NULL, mode ? mode->text : NULL);
  return finish_load(L, status, count >= 3 ? thread_args(L) + 2 : NULL);
}

static int base_dofile(Thread *L, Value *args, int count) {
  const Str *path = arg_str_or_null(L, args, count, 1);
  if (load_file(L, path ? path->text : NULL, NULL) != STATUS_OK) error_throw(L);
  return CALL_LAST(0, MULTIPLE_RESULTS);
}

static const LibraryEntry entries[] = {
  {"dofile", base_dofile, SPECIAL_CALLING},
  {"load", base_load, SPECIAL_NONE},
  {"loadfile", base_loadfile, SPECIAL_NONE},
  {NULL, NULL, SPECIAL_NONE},
};

void open_load(Thread *L) {
  library_new(L, NULL, entries);
  L->top--;
}
