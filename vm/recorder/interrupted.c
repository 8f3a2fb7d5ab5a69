/* Reading the pc of an interrupted instruction. Lua's own structures are read where the versions of PUC Lua have them on
   64-bit machines, by a call of the system that fails where there is no memory, and are believed if they agree with what the
   API says of the function. The line of a pc is Lua's to tell: it is asked with the pc in the place of the saved one. */
#define _GNU_SOURCE
#include "interrupted.h"

#include <string.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#define INSTRUCTION 4 /* bytes */

/* Offsets in bytes: in a CallInfo, in a closure of Lua, in a Proto. */
typedef struct Layout {
  int function, saved_pc;
  int proto;
  int code, code_count, first_line;
} Layout;

static const Layout layouts[] = {
    {8, 24, 32, 24, 80, 96},  /* 5.1 */
    {0, 56, 24, 24, 88, 104}, /* 5.2 */
    {0, 40, 24, 56, 24, 40},  /* 5.3 */
    {0, 32, 24, 64, 24, 44},  /* 5.4 */
};

enum { STATE51_CALL = 40, STATE51_SAVED_PC = 48, STATE51_FIRST_CALL = 80, CALL51_SIZE = 40 };

/* A function's code, and where the pc of its activation is saved. */
typedef struct Code {
  uint64_t begin, end;
  uint64_t *saved_pc;
} Code;

static bool read_memory(uint64_t from, void *to, size_t size) {
  struct iovec there = {(void *)(uintptr_t)from, size}, here = {to, size};
  return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)size;
}

static bool read_word(uint64_t from, uint64_t *word) { return read_memory(from, word, sizeof *word); }

/* The CallInfo of an activation, and where its pc is saved. */
static bool find_call(const LuaApi *api, lua_State *L, const LuaDebug *activation, uint64_t *call, uint64_t *saved_pc) {
  const Layout *layout = &layouts[api->version - 501];
  *call = lua_call_of(api, activation);
  uint64_t state = (uintptr_t)L;
  if (api->version == 501) {
    uint64_t first, current;
    if (!read_word(state + STATE51_FIRST_CALL, &first) || !read_word(state + STATE51_CALL, &current)) return false;
    *call = first + *call * CALL51_SIZE;
    if (*call == current) {
      *saved_pc = state + STATE51_SAVED_PC;
      return true;
    }
  }
  *saved_pc = *call + (uint64_t)layout->saved_pc;
  return true;
}

static bool find_code(const LuaApi *api, lua_State *L, const LuaDebug *activation, Code *code) {
  const Layout *layout = &layouts[api->version - 501];
  uint64_t call, saved, function, closure, proto, pc;
  int count, lines[2];
  if (!find_call(api, L, activation, &call, &saved)) return false;
  if (!read_word(call + (uint64_t)layout->function, &function) || !read_word(function, &closure)) return false;
  if (!read_word(closure + (uint64_t)layout->proto, &proto)) return false;
  if (!read_word(proto + (uint64_t)layout->code, &code->begin)) return false;
  if (!read_memory(proto + (uint64_t)layout->code_count, &count, sizeof count)) return false;
  if (!read_memory(proto + (uint64_t)layout->first_line, lines, sizeof lines) || !read_word(saved, &pc)) return false;
  code->end = code->begin + (uint64_t)count * INSTRUCTION;
  code->saved_pc = (uint64_t *)(uintptr_t)saved;
  return count > 0 && lines[0] == lua_first_line(api, activation) && lines[1] == lua_last_line(api, activation) &&
         pc > code->begin && pc <= code->end;
}

/* A pc points behind its instruction. */
static bool is_in(const Code *code, uint64_t pc) {
  return pc > code->begin && pc <= code->end && (pc - code->begin) % INSTRUCTION == 0;
}

/* The pc out of the registers: where several could be it, the one that has been most often. */
static uint64_t find_pc(const Interrupted *interrupted, const Code *code) {
  static uint32_t seen[MAX_REGISTERS];
  int best = -1;
  for (int i = 0; i < MAX_REGISTERS; i++)
    if (is_in(code, interrupted->registers[i])) {
      seen[i]++;
      if (best < 0 || seen[i] > seen[best]) best = i;
    }
  if (best >= 0) return interrupted->registers[best];
  return is_in(code, interrupted->saved_pc) ? interrupted->saved_pc : 0;
}

void interrupted_note(Interrupted *interrupted, const void *context) {
  memset(interrupted, 0, sizeof *interrupted);
#if defined(__x86_64__)
  const ucontext_t *of = context;
  for (int i = 0; i < 16; i++) interrupted->registers[i] = (uint64_t)of->uc_mcontext.gregs[i];
#elif defined(__aarch64__)
  const ucontext_t *of = context;
  for (int i = 0; i < 31; i++) interrupted->registers[i] = of->uc_mcontext.regs[i];
#else
  (void)context;
#endif
}

void interrupted_note_saved(Interrupted *interrupted, const LuaApi *api, lua_State *L) {
  LuaDebug activation;
  uint64_t call, saved;
  if (sizeof(void *) != 8 || !api->getstack(L, 0, &activation)) return;
  if (find_call(api, L, &activation, &call, &saved)) read_word(saved, &interrupted->saved_pc);
}

int interrupted_line(const Interrupted *interrupted, const LuaApi *api, lua_State *L, int level) {
  LuaDebug activation;
  Code code;
  if (sizeof(void *) != 8 || api->is_jit || !api->getstack(L, level, &activation)) return 0;
  if (!api->getinfo(L, "S", &activation) || activation.what == NULL || activation.what[0] == 'C') return 0;
  if (!find_code(api, L, &activation, &code)) return 0;
  uint64_t pc = find_pc(interrupted, &code);
  if (pc == 0) return 0;
  uint64_t kept = *code.saved_pc;
  *code.saved_pc = pc;
  api->getinfo(L, "l", &activation);
  *code.saved_pc = kept;
  int line = lua_current_line(api, &activation);
  return line > 0 ? line : 0;
}
