/* What libFuzzer feeds with bytecode: the input behind the signature of a binary chunk is loaded, and run if the verifier
   lets it pass, in a sandbox and within limits. Its first byte chooses how: in which mode, with a hook, and whether a
   number of instructions is the limit, which the loop for hooks counts, or the time, which leaves all loops to work.

     cmake -S . -B fuzz -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang -DPERILUNE_PYTHON=OFF -DPERILUNE_SWITCH=ON \
       -DPERILUNE_SANITIZE=ON -DPERILUNE_FUZZ=ON && cmake --build fuzz --target fuzz_chunk
     python tests/c/make_corpus.py corpus && ulimit -s 400000 && fuzz/fuzz_chunk -detect_leaks=0 corpus */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/api.h"
#include "lib/sandbox.h"
#include "machine/chunk.h"
#include "machine/hooks.h"
#include "machine/interrupt.h"
#include "memory/memory.h"
#include "opcodes.h"
#include "profiler/profiler.h"

#define INSTRUCTIONS 20000
#define MEMORY_BYTES (8u << 20)
#define TICK_NS 10000000
#define TICKS 2 /* that a run without a limit of instructions may take */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *count, char ***arguments);

typedef struct Input {
  const char *chunk;
  size_t length;
} Input;

static int ignore(Thread *L, Value *args, int count) {
  (void)L, (void)args, (void)count;
  return 0;
}

static void run(Thread *L, void *context) {
  const Input *input = context;
  if (load_chunk(L, input->chunk, input->length, "=fuzz", "b") != STATUS_OK) error_throw(L);
  push_text(L, "argument");
  call_value(L, 1, 0);
}

static void prepare(Thread *L, void *context) {
  (void)context;
  open_libraries(L);
  sandbox_enter(L, NULL);
}

static void hook(Thread *L, void *context) {
  (void)context;
  Value thread, function;
  set_object(&thread, L, TAG_THREAD);
  set_object(&function, push_function(L, ignore, "hook", 0), TAG_CFN);
  table_set(L, hook_table(L), &thread, &function);
  hook_set(L, HOOK_CALL | HOOK_RETURN | HOOK_LINE | HOOK_COUNT, 3);
}

static void derive_all(VM *vm) {
  const Functions *functions = &vm->profiler->functions;
  for (uint32_t i = 0; i < functions->count; i++) {
    uint64_t *counts = calloc(functions->array[i]->word_count + 1, sizeof *counts);
    if (counts != NULL) profiler_derive(functions->array[i], counts);
    free(counts);
  }
}

/* The watch over a run without a limit of instructions. */
static pthread_mutex_t watch_mutex = PTHREAD_MUTEX_INITIALIZER;
static VM *watched;
static int ticks;

static void *watch(void *unused) {
  for (;;) {
    nanosleep(&(struct timespec){0, TICK_NS}, NULL);
    pthread_mutex_lock(&watch_mutex);
    if (watched != NULL && ++ticks > TICKS) vm_interrupt(watched, INTERRUPT_TIMEOUT);
    pthread_mutex_unlock(&watch_mutex);
  }
  return unused;
}

static void set_watched(VM *vm) {
  pthread_mutex_lock(&watch_mutex);
  watched = vm;
  ticks = 0;
  pthread_mutex_unlock(&watch_mutex);
}

int LLVMFuzzerInitialize(int *count, char ***arguments) {
  (void)count, (void)arguments;
  pthread_t thread;
  if (pthread_create(&thread, NULL, watch, NULL) != 0) abort();
  if (freopen("/dev/null", "r", stdin) == NULL || freopen("/dev/null", "w", stdout) == NULL) abort();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  size_t signature = sizeof CHUNK_SIGNATURE - 1;
  char *chunk = malloc(signature + sizeof OPCODES_VERSION + size);
  VM *vm = vm_new();
  if (chunk == NULL || vm == NULL) abort();
  memcpy(chunk, CHUNK_SIGNATURE, signature);
  memcpy(chunk + signature, OPCODES_VERSION, sizeof OPCODES_VERSION);
  memcpy(chunk + signature + sizeof OPCODES_VERSION, data + 1, size - 1);
  Input input = {chunk, signature + sizeof OPCODES_VERSION + size - 1};
  Thread *L = vm->main;
  call_protected_body(L, prepare, NULL);
  static const enum Mode modes[4] = {MODE_OFF, MODE_ORACLE, MODE_COUNT, MODE_SAMPLE};
  enum Mode mode = modes[data[0] & 3];
  bool is_timed = (data[0] & 4) != 0, is_profiled = mode != MODE_OFF;
  if (!is_timed) vm->instruction_limit = vm->instructions_left = INSTRUCTIONS;
  vm->instructions_limited = !is_timed;
  vm->allocator->limit = MEMORY_BYTES;
  if (is_profiled && profiler_start(vm, mode, SAMPLER_THREAD, MIN_INTERVAL_NS) != PROFILER_STARTED) abort();
  if ((data[0] & 8) != 0) call_protected_body(L, hook, NULL);
  if (is_timed) set_watched(vm);
  call_protected_body(L, run, &input);
  set_watched(NULL);
  if (is_profiled) {
    profiler_stop(vm);
    derive_all(vm);
  }
  vm_delete(vm);
  free(chunk);
  return 0;
}
