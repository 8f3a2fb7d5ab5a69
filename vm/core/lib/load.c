/* Chunks into functions: load, loadfile, dofile, and what the embedder and require use for it. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "machine/chunk.h"
#include "profiler/profiler.h"
#include "sandbox.h"

#define READ_SIZE 4096
#define FEW_PIECES 4
#define SHORT_TEXT 1024

/* What load_binary is asked for. */
typedef struct Binary {
  const uint8_t *bytes;
  size_t length;
  const char *chunkname;
  uint32_t text_number; /* of the text that it was compiled from; 0: none is known */
} Binary;

static void load_binary(Thread *L, void *context) {
  const Binary *binary = context;
  LuaFn *function = chunk_load(L, binary->bytes, binary->length, binary->chunkname, binary->text_number);
  if (function->upvalue_count > 0) {
    UpVal *environment = function->upvalues[0];
    set_table(environment->v, L->vm->globals);
    gc_barrier_value(L, environment, environment->v);
  }
}

static int load_compiled(Thread *L, const uint8_t *chunk, size_t length, const char *chunkname, uint32_t text_number) {
  Binary binary = {chunk, length, chunkname, text_number};
  return call_protected_body(L, load_binary, &binary);
}

static void compile(VM *vm, Compilation *compilation) {
  uint64_t begun = profiler_begin_activity(vm, ACTIVITY_COMPILING);
  vm->compile(vm->compile_context, compilation);
  profiler_end_activity(vm, begun);
}

static void handle_interrupt(Thread *L, void *context) {
  (void)context;
  vm_handle_interrupt(L);
}

static void throw_message(Thread *L, void *message) {
  push_text(L, message);
  error_throw(L);
}

/* Pushes why a text was refused. Nesting too deep is an error of the reference's parser, which its message handler sees. */
static int refuse(Thread *L, char *message) {
  int status = STATUS_SYNTAX;
  if (strcmp(message, "C stack overflow") == 0)
    status = call_transparent_body(L, throw_message, message);
  else
    push_text(L, message);
  free(message);
  return status;
}

static int compile_and_load(Thread *L, const char *text, size_t length, size_t begin, const char *chunkname) {
  Compilation compilation = {.text = text, .length = length, .begin = begin, .chunkname = chunkname};
  if (!L->vm->compile) {
    push_text(L, "no compiler to load text with");
    return STATUS_SYNTAX;
  }
  if (!atomic_load(&L->vm->interrupt)) compile(L->vm, &compilation);
  if (!compilation.chunk) {
    if (atomic_load(&L->vm->interrupt)) { /* that is what ended the compiler, or did not let it begin */
      free(compilation.message);
      int status = call_protected_body(L, handle_interrupt, NULL);
      if (status != STATUS_OK) return status;
      compilation.message = NULL;
    }
    if (compilation.message && !compilation.out_of_memory) return refuse(L, compilation.message);
    free(compilation.message);
    push_text(L, "not enough memory");
    return STATUS_MEMORY;
  }
  int status =
    load_compiled(L, compilation.chunk, compilation.chunk_length, chunkname, compilation.text_number);
  free(compilation.chunk);
  return status;
}

/* Where the chunk begins in the contents of a file: behind a byte order mark, and at the end of a first line that begins
   with '#', so that the line still counts, or behind that end if a binary chunk follows. */
static size_t chunk_begin(const char *text, size_t length) {
  size_t begin = length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  if (begin == length || text[begin] != '#') return begin;
  const char *line_end = memchr(text + begin, '\n', length - begin);
  if (!line_end) return length;
  begin = (size_t)(line_end - text);
  return begin + 1 < length && line_end[1] == CHUNK_SIGNATURE[0] ? begin + 1 : begin;
}

/* As load_chunk, of a text whose chunk begins at `begin`. */
static int load_from(Thread *L, const char *text, size_t length, size_t begin, const char *chunkname,
                     const char *mode) {
  bool is_binary = begin < length && text[begin] == CHUNK_SIGNATURE[0];
  if (mode && !strchr(mode, is_binary ? 'b' : 't')) {
    push_format(L, "attempt to load a %s chunk (mode is '%s')", is_binary ? "binary" : "text", mode);
    return STATUS_SYNTAX;
  }
  if (!is_binary) return compile_and_load(L, text, length, begin, chunkname);
  return load_compiled(L, (const uint8_t *)text + begin, length - begin, chunkname, 0);
}

int load_chunk(Thread *L, const char *text, size_t length, const char *chunkname, const char *mode) {
  return load_from(L, text, length, 0, chunkname, mode);
}

int load_known_chunk(Thread *L, const char *chunk, size_t length, const char *chunkname, uint32_t text_number) {
  return load_compiled(L, (const uint8_t *)chunk, length, chunkname, text_number);
}

/* Pushes the contents of a file as a string. */
static void read_source(Thread *L, void *context) {
  FILE *file = context;
  Buffer b;
  buffer_init(L, &b);
  size_t got;
  do {
    errno = 0;
    got = fread(buffer_reserve(&b, READ_SIZE), 1, READ_SIZE, file);
    b.length += got;
  } while (got == READ_SIZE);
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
  size_t length = str_length(source);
  status = load_from(L, source->text, length, chunk_begin(source->text, length), chunkname, mode);
  value_copy(L->stack + place, L->top - 1);
  L->top = L->stack + place + 1;
  return status;
}

/* What load and loadfile return, with the loaded function or the message on the top. `environment` is the argument,
   NULL if not given. */
static int finish_load(Thread *L, int status, const Value *environment) {
  if (status_is_final(status)) error_throw_status(L, status);
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

/* What a text followed by an invalid character is refused with; the caller's to free. */
static char *refusal(VM *vm, Buffer *text, char invalid) {
  *buffer_reserve(text, 1) = invalid;
  Compilation compilation = {.text = text->data, .length = text->length + 1, .chunkname = "=(load)"};
  compile(vm, &compilation);
  free(compilation.chunk);
  return compilation.message;
}

/* How much of a text ends where a token ends, whatever follows: the rest may be the beginning of a longer one. */
static size_t decided_length(const char *text, size_t length) {
  static const char open[] = "_.~=<>/:[-+";
  while (length > 0 && (isalnum((unsigned char)text[length - 1]) || memchr(open, text[length - 1], sizeof open - 1)))
    length--;
  return length;
}

/* Whether what has been read cannot become a chunk, whatever follows: then it is refused in the same way whatever does,
   and not because it is incomplete. */
static bool is_refused(VM *vm, Buffer *text) {
  static const char incomplete[] = "near <eof>";
  size_t whole = text->length;
  text->length = decided_length(text->data, whole);
  char tail = text->length < whole ? text->data[text->length] : 0; /* what a refusal overwrites */
  char *first = refusal(vm, text, '\1'), *second = refusal(vm, text, '\2');
  if (text->length < whole) text->data[text->length] = tail;
  text->length = whole;
  bool refused = first && second && strcmp(first, second) == 0;
  if (refused) {
    size_t length = strlen(first), end = sizeof incomplete - 1;
    refused = length < end || strcmp(first + length - end, incomplete) != 0;
  }
  free(first);
  free(second);
  return refused;
}

/* How often to ask that: after each of a few short pieces, then whenever their number has doubled, so that it takes no
   longer than a few times what compiling does. */
static bool is_time_to_look(uint64_t pieces, size_t length) {
  return pieces <= FEW_PIECES ? length <= SHORT_TEXT : (pieces & (pieces - 1)) == 0;
}

/* The reference implementation compiles while it reads, and reads no further than the first error. */
static bool must_stop_reading(Thread *L, Buffer *b, const char *mode, uint64_t pieces) {
  bool is_binary = b->data[0] == CHUNK_SIGNATURE[0];
  if (!strchr(mode, is_binary ? 'b' : 't')) return true;
  if (is_binary) {
    size_t known = sizeof CHUNK_SIGNATURE - 1;
    return memcmp(b->data, CHUNK_SIGNATURE, b->length < known ? b->length : known) != 0;
  }
  return L->vm->compile && is_time_to_look(pieces, b->length) && is_refused(L->vm, b);
}

/* Joins what the reader function in the first argument returns: pushes the string. */
static void read_pieces(Thread *L, void *context) {
  const char *mode = context;
  Buffer b;
  buffer_init(L, &b);
  for (uint64_t pieces = 1;; pieces++) {
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
    if (must_stop_reading(L, &b, mode, pieces)) {
      push_nil(L);
      break;
    }
  }
  L->top--;
  buffer_push(&b);
}

static int base_load(Thread *L, Value *args, int count) {
  const Str *mode = arg_str_or_null(L, args, count, 3);
  const char *accepted = mode ? mode->text : "bt";
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
    status = call_transparent_body(L, read_pieces, (void *)(uintptr_t)accepted);
    text = status == STATUS_OK ? L->top[-1].str : NULL;
  }
  if (text) status = load_chunk(L, text->text, str_length(text), chunkname, accepted);
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
  int status = load_file(L, path ? path->text : NULL, NULL);
  if (status_is_final(status) || status == STATUS_MEMORY) error_throw_status(L, status);
  if (status != STATUS_OK) error_throw(L);
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
