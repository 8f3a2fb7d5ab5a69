/* Noticing coroutines: Lua's allocator is asked for them, and told when they go, also where Lua is linked into the program
   and none of its functions can be replaced. The allocator that a state came with does the work. */
#include "states.h"

#include <string.h>

#include "key_map.h"

#define LATE_ENOUGH 2 /* allocations after a coroutine's own: its stack, and what its first call takes or the next object */
#define TYPE_AT_51 (sizeof(void *)) /* in an object of 5.1 */

static State *_Atomic first_state;
static atomic_uint state_count;

State *states_first(void) { return first_state; }

Coroutine *state_coroutine(State *state, const lua_State *L) {
  for (size_t i = state->count; i-- > 0;) /* those made last come and go */
    if (state->coroutines[i].L == L) return &state->coroutines[i];
  return NULL;
}

bool coroutine_is_active(const LuaApi *api, lua_State *L) {
  LuaDebug activation;
  return api->status(L) == 0 && api->getstack(L, 0, &activation) != 0;
}

static bool add(State *state, lua_State *L) {
  if (state->count == state->capacity) {
    size_t capacity = 2 * state->capacity + 8;
    Coroutine *grown = recorder_resize(state->coroutines, capacity * sizeof *grown);
    if (grown == NULL) return false;
    state->coroutines = grown;
    state->capacity = capacity;
  }
  state->coroutines[state->count++] = (Coroutine){L, false, NULL, 0, 0};
  return true;
}

/* Whether a block of a coroutine's size is one, in 5.1, where any object may have that size. */
static bool is_coroutine_51(const State *state, const lua_State *L) {
  const char *object = (const char *)L;
  return object[TYPE_AT_51] == LUA_TYPE_THREAD &&
         memcmp(object + state->shared, (const char *)state->main + state->shared, sizeof(void *)) == 0;
}

static void grow_up(State *state) {
  int kept = 0;
  for (int i = 0; i < state->fresh_count; i++) {
    Fresh *fresh = &state->fresh[i];
    if (++fresh->allocations < LATE_ENOUGH) {
      state->fresh[kept++] = *fresh;
      continue;
    }
    lua_State *L = (lua_State *)(void *)(fresh->block + state->offset);
    if (state->api->version != 501 || is_coroutine_51(state, L)) add(state, L);
  }
  state->fresh_count = kept;
}

static void forget(State *state, const char *block) {
  const lua_State *L = (const lua_State *)(const void *)(block + state->offset);
  Coroutine *gone = state_coroutine(state, L);
  if (gone != NULL) {
    size_t at = (size_t)(gone - state->coroutines);
    memmove(gone, gone + 1, (--state->count - at) * sizeof *gone);
  }
  for (int i = 0; i < state->fresh_count; i++)
    if (state->fresh[i].block == block) state->fresh[i--] = state->fresh[--state->fresh_count];
  if (L == state->main) sampler_state_closed(state);
}

static bool is_coroutine_size(const State *state, size_t type, size_t size) {
  return size == state->coroutine_size && (state->api->version == 501 || type == LUA_TYPE_THREAD);
}

static void *allocate(void *context, void *block, size_t old_size, size_t size) {
  State *state = context;
  LuaAllocator allocator = state->allocator;
  sampler_runs_here(state);
  bool is_main = block == (char *)state->main - state->offset;
  if (size == 0 && block != NULL && (old_size == state->coroutine_size || is_main)) {
    state->is_changing = true;
    forget(state, block);
    state->is_changing = false;
  }
  void *given = allocator(state->context, block, old_size, size);
  if (given == NULL || size == 0) return given;
  bool is_new = block == NULL && is_coroutine_size(state, old_size, size);
  if (state->fresh_count == 0 && !is_new) return given;
  state->is_changing = true;
  grow_up(state);
  if (is_new && state->fresh_count < MAX_FRESH) state->fresh[state->fresh_count++] = (Fresh){given, 0};
  state->is_changing = false;
  return given;
}

/* What an allocation was, while a coroutine is made to see what one takes. */
typedef struct Trial {
  State *state;
  char *block;
  size_t size;
} Trial;

static void *try_allocate(void *context, void *block, size_t old_size, size_t size) {
  Trial *trial = context;
  void *given = trial->state->allocator(trial->state->context, block, old_size, size);
  bool is_typed = trial->state->api->version != 501;
  if (block == NULL && given != NULL && trial->block == NULL && (!is_typed || old_size == LUA_TYPE_THREAD)) {
    trial->block = given;
    trial->size = size;
  }
  return given;
}

/* Learns how coroutines are allocated, and watches the allocator from now on; false if it cannot be learnt. */
static bool watch_allocator(State *state, lua_State *L) {
  const LuaApi *api = state->api;
  state->allocator = api->getallocf(L, &state->context);
  Trial trial = {state, NULL, 0};
  if (!api->checkstack(L, 1)) return false;
  api->setallocf(L, try_allocate, &trial);
  lua_State *made = api->newthread(L);
  api->setallocf(L, state->allocator, state->context);
  bool is_known = trial.block != NULL && trial.block <= (char *)made && (char *)made < trial.block + trial.size;
  if (is_known) {
    state->offset = (char *)made - trial.block;
    state->coroutine_size = trial.size;
    if (api->version == 501) { /* the first pointer behind the header that both have is the global state's */
      ptrdiff_t at = 2 * (ptrdiff_t)sizeof(void *);
      const char *one = (const char *)made, *other = (const char *)state->main;
      while (at < (ptrdiff_t)trial.size - state->offset &&
             (memcmp(one + at, other + at, sizeof(void *)) != 0 || memcmp(one + at, &(void *){NULL}, sizeof(void *)) == 0))
        at += (ptrdiff_t)sizeof(void *);
      state->shared = at;
    }
    add(state, made);
    api->setallocf(L, allocate, state);
  }
  api->settop(L, -2);
  return is_known;
}

State *state_of(const LuaApi *api, lua_State *L, bool *is_seen_first) {
  if (!api->checkstack(L, 2)) return NULL;
  api->pushvalue(L, api->registry);
  const void *registry = api->topointer(L, -1);
  api->settop(L, -2);
  *is_seen_first = false;
  for (State *state = first_state; state != NULL; state = state->next)
    if (state->registry == registry && state->api == api && !state->is_closed) return state;
  State *state = recorder_resize(NULL, sizeof *state);
  if (state == NULL) return NULL;
  memset(state, 0, sizeof *state);
  *is_seen_first = true;
  state->api = api;
  state->registry = registry;
  state->main = L;
  state->number = ++state_count;
  add(state, L);
  state->next = first_state;
  first_state = state;
  if (!api->is_jit) watch_allocator(state, L);
  return state;
}
