/* The Lua states of the process, and which coroutines each of them has. */
#ifndef RECORDER_STATES_H
#define RECORDER_STATES_H

#include <stdatomic.h>
#include <stdint.h>

#include "lua_api.h"

/* A coroutine, or the main thread of its state. While a hook of ours is set, `hook` and what follows are the program's. */
typedef struct Coroutine {
  lua_State *L;
  bool is_armed;
  LuaHook hook;
  int mask, count;
} Coroutine;

typedef struct Worker Worker;

enum { MAX_FRESH = 16 };

/* What the allocator has given for a coroutine that is not made yet. */
typedef struct Fresh {
  char *block;
  int allocations; /* since */
} Fresh;

typedef struct State {
  struct State *next;
  const LuaApi *api;
  const void *registry; /* by which the state is known, whichever of its coroutines asks */
  lua_State *main;
  uint32_t number;
  bool is_written;          /* in this process's file */
  bool is_closed;
  bool has_profile;         /* LuaJIT's own, */
  bool has_samples;         /* which has called */
  atomic_bool is_changing;  /* the coroutines: signals keep away */
  _Atomic(Worker *) worker; /* of the thread that runs it */
  Coroutine *coroutines;    /* the main thread first; in the order in which they were made */
  size_t count, capacity;
  Fresh fresh[MAX_FRESH];
  int fresh_count;
  LuaAllocator allocator;   /* the program's */
  void *context;
  size_t coroutine_size;    /* of a coroutine's block, */
  ptrdiff_t offset;         /* and where in it the lua_State is */
  ptrdiff_t shared;         /* where in a lua_State its global state is: 5.1 does not say what it allocates */
} State;

/* All that were ever seen; they stay. */
State *states_first(void);

/* The state that a coroutine belongs to, seen before or now. Runs Lua's allocator. NULL if there is no memory. */
State *state_of(const LuaApi *api, lua_State *L, bool *is_seen_first);

/* The entry of a coroutine, NULL if it is not known. */
Coroutine *state_coroutine(State *state, const lua_State *L);

/* Whether a coroutine runs, or waits for one that it has resumed. For signal handlers too. */
bool coroutine_is_active(const LuaApi *api, lua_State *L);

/* Told by the allocator: a block of the main thread is freed, so the state is no more. Defined by the sampler. */
void sampler_state_closed(State *state);
/* The state's code runs on this thread. Defined by the sampler. */
void sampler_runs_here(State *state);

#endif
