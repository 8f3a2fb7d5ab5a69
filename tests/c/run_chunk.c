/* Runs a binary chunk without Python: for valgrind and fuzzers. run_chunk [--profile] FILE [ARGUMENT...] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "profiler.h"

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

int main(int count, char **arguments) {
  bool is_profiled = count > 1 && strcmp(arguments[1], "--profile") == 0;
  int first = is_profiled ? 2 : 1;
  if (count <= first) {
    fprintf(stderr, "usage: run_chunk [--profile] FILE [ARGUMENT...]\n");
    return 2;
  }
  Program program = {NULL, 0, arguments + first + 1, count - first - 1};
  VM *vm = vm_new();
  if (vm == NULL || !read_file(arguments[first], &program)) {
    fprintf(stderr, "run_chunk: cannot read %s\n", arguments[first]);
    return 2;
  }
  if (is_profiled && profiler_start(vm, MODE_ORACLE, SAMPLER_BEST, MIN_INTERVAL_NS) != PROFILER_STARTED) return 2;
  Thread *L = vm->main;
  int status = call_protected_body(L, prepare, &program);
  if (status == STATUS_OK) status = call_traced(L, program.argument_count, 0, with_traceback);
  fflush(stdout);
  if (status != STATUS_OK && status != STATUS_EXIT)
    fprintf(stderr, "run_chunk: %s\n", is_string(L->top - 1) ? L->top[-1].str->text : "?");
  int result = status == STATUS_EXIT ? vm->exit_status : status != STATUS_OK;
  if (is_profiled) profiler_stop(vm);
  vm_delete(vm);
  free(program.chunk);
  return result;
}
