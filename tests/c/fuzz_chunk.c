/* What libFuzzer feeds with bytecode: the input behind the signature of a binary chunk is loaded, and run if the verifier
   lets it pass, in a sandbox and within limits. Its first byte chooses how: without a profile, counted, or with a hook.

     cmake -S . -B fuzz -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang -DPERILUNE_PYTHON=OFF -DPERILUNE_SWITCH=ON \
       -DPERILUNE_SANITIZE=ON -DPERILUNE_FUZZ=ON && cmake --build fuzz --target fuzz_chunk
     python tests/c/make_corpus.py corpus && ulimit -s 400000 && fuzz/fuzz_chunk -detect_leaks=0 corpus */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "chunk.h"
#include "hooks.h"
#include "memory.h"
#include "opcodes.h"
#include "profiler.h"
#include "lib/sandbox.h"

#define INSTRUCTIONS 20000
#define MEMORY_BYTES (8u << 20)

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
  thread.thread = L;
  thread.tag = TAG_THREAD;
  function.cfn = push_function(L, ignore, "hook", 0);
  function.tag = TAG_CFN;
  table_set(L, hook_table(L), &thread, &function);
  hook_set(L, HOOK_CALL | HOOK_RETURN | HOOK_LINE | HOOK_COUNT, 3);
}

static void derive_all(VM *vm) {
  const Profiler *profiler = vm->profiler;
  for (uint32_t i = 0; i < profiler->proto_count; i++) {
    uint64_t *counts = calloc(profiler->protos[i]->word_count + 1, sizeof *counts);
    if (counts != NULL) profiler_derive(profiler->protos[i], counts);
    free(counts);
  }
}

int LLVMFuzzerInitialize(int *count, char ***arguments) {
  (void)count, (void)arguments;
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
  vm->instruction_limit = vm->instructions_left = INSTRUCTIONS;
  vm->instructions_limited = true;
  vm->allocator->limit = MEMORY_BYTES;
  bool is_profiled = (data[0] & 3) == 1;
  if (is_profiled && profiler_start(vm, MODE_ORACLE, SAMPLER_BEST, MIN_INTERVAL_NS) != PROFILER_STARTED) abort();
  if ((data[0] & 3) == 2) call_protected_body(L, hook, NULL);
  call_protected_body(L, run, &input);
  if (is_profiled) {
    profiler_stop(vm);
    derive_all(vm);
  }
  vm_delete(vm);
  free(chunk);
  return 0;
}
