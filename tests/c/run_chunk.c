/* Runs a binary chunk without Python: for valgrind, and for machines that only an emulator has here.

   run_chunk [--profile MODE] [--counts PATH] FILE [ARGUMENT...]

   MODE is count, sample, trace or oracle. What was counted is written to PATH: all that a machine must agree with any
   other one about, so not bytes, which depend on the size of a pointer, and not times. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#endif

#include "lib/api.h"
#include "opcodes.h"
#include "profiler/profiler.h"

#define USAGE "usage: run_chunk [--profile MODE] [--counts PATH] FILE [ARGUMENT...]\n"

typedef struct Program {
  char *chunk;
  size_t length;
  char **arguments;
  int argument_count;
} Program;

static bool read_file(const char *path, Program *program) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return false;
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  program->chunk = malloc((size_t)size + 1);
  program->length = program->chunk != NULL ? fread(program->chunk, 1, (size_t)size, file) : 0;
  fclose(file);
  return program->length == (size_t)size;
}

static void prepare(Thread *L, void *context) {
  const Program *program = context;
  open_libraries(L);
  if (load_chunk(L, program->chunk, program->length, "=chunk", "b") != STATUS_OK) error_throw(L);
  for (int i = 0; i < program->argument_count; i++) push_text(L, program->arguments[i]);
}

static int with_traceback(Thread *L, Value *args, int count) {
  (void)count;
  const Str *message = value_tostring(L, &args[0]);
  push_traceback(L, L, message->text, str_length(message), 1);
  return 1;
}

/* Counts */

/* Returns how many instructions of the function ran. */
static uint64_t write_function(FILE *out, const Profiler *profiler, const ProtoCounts *c) {
  uint64_t *counts = calloc(c->word_count, sizeof *counts);
  if (counts == NULL) abort();
  if (profiler->mode == MODE_ORACLE)
    memcpy(counts, c->every, c->word_count * sizeof *counts);
  else
    profiler_derive(c, counts);
  uint64_t sum = 0;
  fprintf(out, "function %" PRIu32 " %.*s:%" PRId32 "\n", c->id, (int)c->name_length, c->name != NULL ? c->name : "",
          c->first_line);
  for (uint32_t at = 0; at < c->word_count; at++) {
    if (counts[at] == 0) continue;
    fprintf(out, "%6" PRIu32 " %s %" PRIu64 "\n", at, OPCODE_ROWS[c->code[at] & 0xFF].name, counts[at]);
    sum += counts[at];
  }
  free(counts);
  return sum;
}

static uint64_t samples_of_instructions(const Functions *functions) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < functions->count; i++)
    for (uint32_t at = 0; at < functions->array[i]->word_count; at++) sum += functions->array[i]->samples[at];
  return sum;
}

static bool write_counts(const Profiler *profiler, const char *path) {
  FILE *out = fopen(path, "wb");
  if (out == NULL) return false;
  uint64_t instructions = 0;
  const Functions *functions = &profiler->functions;
  for (uint32_t i = 0; i < functions->count; i++) instructions += write_function(out, profiler, functions->array[i]);
  for (uint32_t i = 0; i < profiler->builtin_count; i++)
    fprintf(out, "calls of %s %" PRIu64 "\n", profiler->builtins[i].name, profiler->builtins[i].calls);
  fprintf(out, "instructions %" PRIu64 "\n", instructions);
  fprintf(out, "peak depth %" PRIu64 "\n", (uint64_t)profiler->peak_depth);
  if (profiler->sampler != NULL) {
    const Samples *samples = sampler_samples(profiler->sampler);
    fprintf(out, "sampler %s\n", sampler_kind(profiler->sampler) == SAMPLER_SIGNAL ? "signal" : "thread");
    fprintf(out, "samples %" PRIu64 " of instructions of %" PRIu64 "\n", samples_of_instructions(functions), samples->all);
  }
  return fclose(out) == 0;
}

/* The command line */

static enum Mode mode_of(const char *name) {
  static const char *const names[MODE_COUNT_MODES] = {"off", "count", "sample", "trace", "oracle"};
  int mode = MODE_OFF;
  while (mode < MODE_COUNT_MODES && strcmp(names[mode], name) != 0) mode++;
  return (enum Mode)mode;
}

static enum Mode read_options(int count, char **arguments, int *first, const char **counts_path) {
  enum Mode mode = MODE_OFF;
  for (*first = 1; *first + 1 < count && strncmp(arguments[*first], "--", 2) == 0; *first += 2) {
    if (strcmp(arguments[*first], "--profile") == 0)
      mode = mode_of(arguments[*first + 1]);
    else if (strcmp(arguments[*first], "--counts") == 0)
      *counts_path = arguments[*first + 1];
    else
      mode = MODE_COUNT_MODES;
  }
  return *first < count ? mode : MODE_COUNT_MODES;
}

int main(int count, char **arguments) {
  const char *counts_path = NULL;
  int first;
  enum Mode mode = read_options(count, arguments, &first, &counts_path);
  if (mode == MODE_COUNT_MODES) {
    fprintf(stderr, USAGE);
    return 2;
  }
#ifdef _WIN32 /* as Python does, so that lines end everywhere alike */
  _setmode(_fileno(stdin), _O_BINARY);
  _setmode(_fileno(stdout), _O_BINARY);
  _setmode(_fileno(stderr), _O_BINARY);
#endif
  Program program = {NULL, 0, arguments + first + 1, count - first - 1};
  VM *vm = vm_new();
  if (vm == NULL || !read_file(arguments[first], &program)) {
    fprintf(stderr, "run_chunk: cannot read %s\n", arguments[first]);
    return 2;
  }
  if (mode != MODE_OFF && profiler_start(vm, mode, SAMPLER_BEST, BEST_INTERVAL) != PROFILER_STARTED) return 2;
  Thread *L = vm->main;
  int status = call_protected_body(L, prepare, &program);
  profiler_enter(vm);
  if (status == STATUS_OK) status = call_traced(L, program.argument_count, 0, with_traceback);
  profiler_leave(vm);
  fflush(stdout);
  if (status != STATUS_OK && status != STATUS_EXIT)
    fprintf(stderr, "run_chunk: %s\n", is_string(L->top - 1) ? L->top[-1].str->text : "?");
  int result = status == STATUS_EXIT ? vm->exit_status : status != STATUS_OK;
  if (mode != MODE_OFF) profiler_stop(vm);
  if (counts_path != NULL && vm->profiler != NULL && !write_counts(vm->profiler, counts_path)) result = 2;
  vm_delete(vm);
  free(program.chunk);
  return result;
}
