/* The C API: what runs, with which variables, and hooks. */
#include <string.h>

#include "capi.h"
#include "machine/hooks.h"
#include "host.h"

/* A lua_Debug tells which call it is about by the number of its frame and, where a pointer has room for both, its thread:
   frames move, and some code asks one thread about the record of another. */
#if UINTPTR_MAX > UINT32_MAX
#define FRAME_SHIFT 44 /* threads lie at multiples of 16, below 2^48 */
static struct CallInfo *record_of(const Thread *of, const Frame *frame) {
  uintptr_t number = (uintptr_t)(frame - of->frames);
  return (struct CallInfo *)((uintptr_t)of >> 4 | number << FRAME_SHIFT);
}
static Thread *record_thread(Thread *L, const lua_Debug *record) {
  (void)L;
  return (Thread *)(((uintptr_t)record->i_ci & (((uintptr_t)1 << FRAME_SHIFT) - 1)) << 4);
}
static Frame *record_frame(Thread *of, const lua_Debug *record) {
  return of->frames + ((uintptr_t)record->i_ci >> FRAME_SHIFT);
}
#else
static struct CallInfo *record_of(const Thread *of, const Frame *frame) {
  return (struct CallInfo *)(uintptr_t)(frame - of->frames);
}
static Thread *record_thread(Thread *L, const lua_Debug *record) {
  (void)record;
  return L;
}
static Frame *record_frame(Thread *of, const lua_Debug *record) { return of->frames + (uintptr_t)record->i_ci; }
#endif

int lua_getstack(lua_State *S, int level, lua_Debug *record) {
  Thread *L = state_thread(S);
  const Frame *frame = frame_at_level(L, level);
  if (frame == NULL) return 0;
  record->i_ci = record_of(L, frame);
  return 1;
}

static void fill_source(lua_Debug *record, const Proto *p) {
  const bool has_source = p != NULL && p->source != NULL;
  record->source = p == NULL ? "=[C]" : has_source ? p->source->text : "=?";
  record->srclen = has_source ? str_length(p->source) : strlen(record->source);
  record->what = p == NULL ? "C" : p->first_line == 0 ? "main" : "Lua";
  record->linedefined = p != NULL ? p->first_line : -1;
  record->lastlinedefined = p != NULL ? p->last_line : -1;
  source_display(record->short_src, record->source, record->srclen);
}

static void fill_counts(lua_Debug *record, const Value *function, const Proto *p) {
  uint8_t upvalues = p != NULL ? p->upvalue_count : function->tag == TAG_CFN ? function->cfn->upvalue_count : 0;
  record->nups = upvalues;
  record->nparams = p != NULL ? p->parameters : 0;
  record->isvararg = p == NULL || p->is_vararg;
}

static void fill_name(lua_Debug *record, Thread *of, Frame *frame) {
  record->name = NULL;
  record->namewhat = frame != NULL ? frame_function_name(of, frame, &record->name) : NULL;
  if (record->namewhat != NULL) return;
  record->name = NULL;
  record->namewhat = "";
}

static void fill_transfer(lua_Debug *record, const Thread *of, const Frame *frame) {
  bool transfers = frame != NULL && (size_t)(frame - of->frames) == of->hooked_frame && of->transfer_count > 0;
  record->ftransfer = (unsigned short)(transfers ? of->transfer_first : 0);
  record->ntransfer = (unsigned short)(transfers ? of->transfer_count : 0);
}

int lua_getinfo(lua_State *S, const char *what, lua_Debug *record) {
  Thread *L = state_thread(S), *of = L;
  Frame *frame = NULL;
  Value function;
  if (*what == '>') {
    what++;
    value_copy(&function, --L->top);
  } else {
    of = record_thread(L, record);
    frame = record_frame(of, record);
    value_copy(&function, frame->base - 1);
  }
  const Proto *p = function.tag == TAG_LUAFN ? function.luafn->proto : NULL;
  int is_known = 1;
  for (const char *c = what; *c != '\0'; c++) {
    switch (*c) {
      case 'S': fill_source(record, p); break;
      case 'l': record->currentline = frame != NULL ? frame_line(of, frame) : -1; break;
      case 'u': fill_counts(record, &function, p); break;
      case 't': record->istailcall = frame != NULL && (frame->flags & FRAME_TAIL) != 0; break;
      case 'n': fill_name(record, of, frame); break;
      case 'r': fill_transfer(record, of, frame); break;
      case 'f':
      case 'L': break;
      default: is_known = 0; break;
    }
  }
  if (strchr(what, 'f') != NULL) push_value(L, &function);
  if (strchr(what, 'L') != NULL) push_active_lines(L, p);
  return is_known;
}

const char *lua_getlocal(lua_State *S, const lua_Debug *record, int n) {
  Thread *L = state_thread(S);
  if (record == NULL) { /* of the function on the top: its parameters */
    const Value *f = L->top - 1;
    return f->tag == TAG_LUAFN ? proto_local_name(f->luafn->proto, n, 0) : NULL;
  }
  const char *name = NULL;
  Thread *of = record_thread(L, record);
  const Value *place = frame_local(of, record_frame(of, record), n, &name);
  if (place == NULL) return NULL;
  push_value(L, place);
  return name;
}

const char *lua_setlocal(lua_State *S, const lua_Debug *record, int n) {
  Thread *L = state_thread(S), *of = record_thread(L, record);
  const char *name = NULL;
  Value *place = frame_local(of, record_frame(of, record), n, &name);
  if (place != NULL) value_copy(place, L->top - 1);
  L->top--;
  return place != NULL ? name : NULL;
}

/* --- upvalues */

static Value *upvalue_place(Thread *L, int index, int n, const char **name, Object **owner) {
  const Value *f = capi_at(L, index);
  return is_function(f) ? function_upvalue(f, n, name, owner) : NULL;
}

const char *lua_getupvalue(lua_State *S, int function, int n) {
  Thread *L = state_thread(S);
  const char *name;
  Object *owner;
  const Value *place = upvalue_place(L, function, n, &name, &owner);
  if (place == NULL) return NULL;
  push_value(L, place);
  return name;
}

const char *lua_setupvalue(lua_State *S, int function, int n) {
  Thread *L = state_thread(S);
  const char *name;
  Object *owner;
  Value *place = upvalue_place(L, function, n, &name, &owner);
  if (place == NULL) return NULL;
  value_copy(place, --L->top);
  gc_barrier_value(L, owner, place);
  return name;
}

void *lua_upvalueid(lua_State *S, int function, int n) {
  const Value *f = capi_at(state_thread(S), function);
  if (f->tag == TAG_CFN) return n >= 1 && n <= f->cfn->upvalue_count ? &f->cfn->upvalues[n - 1] : NULL;
  return n >= 1 && n <= f->luafn->upvalue_count ? f->luafn->upvalues[n - 1] : NULL;
}

void lua_upvaluejoin(lua_State *S, int function, int n, int other, int m) {
  Thread *L = state_thread(S);
  const Value *to = capi_at(L, function);
  UpVal *shared = capi_at(L, other)->luafn->upvalues[m - 1];
  to->luafn->upvalues[n - 1] = shared;
  if (is_black(to->object) && is_white((Object *)shared)) gc_barrier_forward(L, to->object, (Object *)shared);
}

/* --- hooks */

_Static_assert(LUA_HOOKCALL == EVENT_CALL && LUA_HOOKRET == EVENT_RETURN && LUA_HOOKLINE == EVENT_LINE &&
                 LUA_HOOKCOUNT == EVENT_COUNT && LUA_HOOKTAILCALL == EVENT_TAIL_CALL,
               "events have their numbers");
_Static_assert(LUA_MASKCALL == HOOK_CALL && LUA_MASKRET == HOOK_RETURN && LUA_MASKLINE == HOOK_LINE &&
                 LUA_MASKCOUNT == HOOK_COUNT,
               "and so have their masks");

static void call_hook(Thread *L, int event, int line) {
  lua_Debug record;
  memset(&record, 0, sizeof record);
  record.event = event;
  record.currentline = line > 0 ? line : -1;
  record.i_ci = record_of(L, L->frame);
  ((lua_Hook)(uintptr_t)L->foreign_hook)(thread_state(L), &record);
}

void capi_open(VM *vm) { vm->call_foreign_hook = call_hook; }

void lua_sethook(lua_State *S, lua_Hook hook, int mask, int count) {
  Thread *L = state_thread(S);
  if (hook == NULL) mask = 0;
  L->foreign_hook = mask != 0 ? (void *)(uintptr_t)hook : NULL;
  hook_set(L, (uint8_t)mask, count);
}

lua_Hook lua_gethook(lua_State *S) { return (lua_Hook)(uintptr_t)state_thread(S)->foreign_hook; }

int lua_gethookmask(lua_State *S) { return state_thread(S)->hook_mask; }

int lua_gethookcount(lua_State *S) { return state_thread(S)->hook_every; }

int lua_setcstacklimit(lua_State *S, unsigned int limit) {
  (void)S, (void)limit;
  return MAX_C_DEPTH;
}
