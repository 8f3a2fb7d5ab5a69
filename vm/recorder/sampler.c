/* The sampler. For PUC Lua a ticker of the thread's processor time sends a signal, whose handler asks for a hook at the next
   instruction, as lua.c does for Ctrl-C; the hook takes the sample and takes itself away, so that a program runs without
   hooks in between. A function in C is left before its hook runs, which is told as its return: its time is its own. LuaJIT
   has a profiler of its own. */
#define _GNU_SOURCE
#include "sampler.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "interrupted.h"
#include "key_map.h"
#include "recording.h"
#include "stacks.h"
#include "states.h"
#include "ticker.h"

#define NS_PER_S 1000000000u
#define TRIALS 16 /* signals that are timed when a thread begins */
#define HITS_EVERY 4096 /* line events between two looks at the clock, */
#define HITS_WRITTEN_NS 50000000 /* and the time between two writings of what was counted */
#define JIT_ENGINE_OFF 0 /* luaJIT_setmode's LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF */

/* A thread of the process that runs Lua. */
struct Worker {
  Ticker ticker;
  bool has_ticker;
  atomic_bool is_busy;    /* with a sample, or in a trial of signals */
  atomic_uint ticks;      /* that no sample was taken for yet */
  atomic_ullong cost_ns;  /* that was not written yet */
  uint64_t charged_ns;    /* up to when the thread's time is in samples */
  uint64_t signal_ns;     /* what the system takes to deliver one */
  Interrupted interrupted;
};

/* What lines were hit, by node. */
typedef struct Hits {
  uint64_t now, written;
} Hits;

static _Thread_local Worker *own;
static pthread_mutex_t recording_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t thread_end;
static Hits *hits;
static uint32_t hits_capacity, hit_events;
static uint64_t hits_written_ns;
static bool is_over;

static int tick_signal(void) { return SIGRTMIN + 9; }

static uint64_t cpu_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* The processor time since the last charge, less what recording took of it. */
static uint64_t charge(Worker *worker, uint64_t now) {
  uint64_t cost = worker->cost_ns, passed = now - worker->charged_ns;
  worker->charged_ns = now;
  return passed > cost ? passed - cost : 0;
}

/* --- hooks of PUC Lua */

static void on_hook(lua_State *L, LuaDebug *activation);

/* Asks for the hook in every coroutine that is active: which of them runs only the hook will know. */
static bool arm(State *state, Interrupted *interrupted) {
  const LuaApi *api = state->api;
  bool is_any = false;
  for (size_t i = 0; i < state->count; i++) {
    Coroutine *coroutine = &state->coroutines[i];
    if (!coroutine_is_active(api, coroutine->L)) continue;
    is_any = true;
    interrupted_note_saved(interrupted, api, coroutine->L); /* the last one that is active runs, or has run longest */
    LuaHook hook = api->gethook(coroutine->L);
    if (hook != on_hook || !coroutine->is_armed) {
      coroutine->hook = hook == on_hook ? NULL : hook;
      coroutine->mask = coroutine->hook == NULL ? 0 : api->gethookmask(coroutine->L);
      coroutine->count = coroutine->hook == NULL ? 0 : api->gethookcount(coroutine->L);
    }
    coroutine->is_armed = true;
    api->sethook(coroutine->L, on_hook, MASK_CALL | MASK_RETURN | MASK_LINE | MASK_COUNT, 1);
  }
  return is_any;
}

/* Gives every coroutine its own hook back. */
static void disarm(State *state) {
  for (size_t i = 0; i < state->count; i++) {
    Coroutine *coroutine = &state->coroutines[i];
    if (!coroutine->is_armed) continue;
    coroutine->is_armed = false;
    if (state->api->gethook(coroutine->L) == on_hook)
      state->api->sethook(coroutine->L, coroutine->hook, coroutine->mask, coroutine->count);
  }
}

/* A signal is one sample, however late: the ticker's periods that passed meanwhile have seen nothing more. */
static void on_tick(int signal, siginfo_t *info, void *context) {
  (void)signal;
  Worker *worker = own;
  if (worker == NULL || is_over) return;
  int kept = errno;
  if (worker->has_ticker && !ticker_struck(&worker->ticker, info->si_code)) {
    errno = kept;
    return;
  }
  worker->ticks++;
  worker->cost_ns += worker->signal_ns;
  if (!worker->is_busy) {
    uint64_t begin = cpu_now();
    bool is_active = false, is_known = true;
    interrupted_note(&worker->interrupted, context);
    for (State *state = states_first(); state != NULL; state = state->next) {
      if (state->worker != worker || state->is_closed) continue;
      if (state->is_changing || state->api->is_jit)
        is_known = false;
      else
        is_active |= arm(state, &worker->interrupted);
    }
    if (!is_active && is_known) {
      recording_outside(worker->ticks, charge(worker, begin));
      worker->ticks = 0;
      worker->cost_ns = 0;
      worker->charged_ns = cpu_now();
    } else
      worker->cost_ns += cpu_now() - begin;
  }
  errno = kept;
}

/* --- threads */

static void start_ticker(Worker *worker) {
  worker->charged_ns = cpu_now();
  ticker_start(&worker->ticker, tick_signal(), recording_plan()->interval_ns);
  worker->has_ticker = true;
}

static void stop_thread(void *of) {
  Worker *worker = of;
  if (worker->has_ticker) ticker_stop(&worker->ticker);
  worker->has_ticker = false;
  own = NULL;
  for (State *state = states_first(); state != NULL; state = state->next)
    if (state->worker == worker) state->worker = NULL;
}

/* What the system takes for a signal: the least of some. */
static uint64_t signal_cost(Worker *worker) {
  uint64_t least = UINT64_MAX;
  worker->is_busy = true;
  for (int i = 0; i < TRIALS; i++) {
    uint64_t begin = cpu_now();
    raise(tick_signal());
    uint64_t passed = cpu_now() - begin;
    if (passed < least) least = passed;
  }
  worker->ticks = 0;
  worker->cost_ns = 0;
  worker->is_busy = false;
  return least;
}

static void make_thread_key(void) { pthread_key_create(&thread_end, stop_thread); }

/* This thread's; with a ticker if it is to have one, which LuaJIT's profiler has itself. */
static Worker *worker_here(bool has_ticker) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  if (own != NULL) {
    if (has_ticker && !own->has_ticker) start_ticker(own);
    return own;
  }
  Worker *worker = recorder_resize(NULL, sizeof *worker);
  if (worker == NULL) return NULL;
  memset(worker, 0, sizeof *worker);
  own = worker;
  pthread_once(&once, make_thread_key);
  pthread_setspecific(thread_end, worker);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_tick;
  action.sa_flags = SA_RESTART | SA_SIGINFO;
  sigaction(tick_signal(), &action, NULL);
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, tick_signal());
  pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
  worker->signal_ns = signal_cost(worker);
  worker->charged_ns = cpu_now();
  if (has_ticker) start_ticker(worker);
  return worker;
}

void sampler_runs_here(State *state) {
  if ((state->worker != own || own == NULL) && !recording_plan()->counts_lines) state->worker = worker_here(true);
}

/* --- samples */

static void write_state(State *state) {
  const LuaApi *api = state->api;
  const char *method = recording_plan()->counts_lines ? "line hook"
                       : !api->is_jit                 ? "timer"
                       : state->has_profile           ? "jit.profile"
                                                      : "none";
  if (!recording_open()) return;
  recording_state(state->number, lua_version_name(api), method);
  state->is_written = true;
}

static State *state_with(const lua_State *L, Coroutine **found) {
  for (State *state = states_first(); state != NULL; state = state->next)
    if (state->worker == own && !state->is_closed && (*found = state_coroutine(state, L)) != NULL) return state;
  return NULL;
}

/* The calls of the coroutines that wait for this one, the main thread's outermost. */
static uint32_t resumers_node(State *state, const lua_State *running) {
  uint32_t node = 0;
  for (size_t i = 0; running != state->main && i < state->count; i++) {
    lua_State *L = state->coroutines[i].L;
    if (L != running && coroutine_is_active(state->api, L)) node = stack_node(state->api, L, 0, node, 0);
  }
  return node;
}

static void sample(Worker *worker, State *state, lua_State *L, int event) {
  uint64_t begin = cpu_now(), cost = worker->cost_ns, ns = charge(worker, begin);
  unsigned ticks = worker->ticks;
  LuaDebug caller;
  /* A function that is called has not run yet: it is its caller that was interrupted. */
  int level = event == EVENT_CALL && state->api->getstack(L, 1, &caller) ? 1 : 0;
  int line = interrupted_line(&worker->interrupted, state->api, L, level);
  pthread_mutex_lock(&recording_lock);
  if (!state->is_written) write_state(state);
  uint32_t node = stack_node(state->api, L, level, resumers_node(state, L), line);
  if (node != 0) recording_sample(state->number, node, ticks, ns, cost, '-');
  pthread_mutex_unlock(&recording_lock);
  worker->ticks -= ticks;
  uint64_t end = cpu_now();
  worker->cost_ns = worker->cost_ns - cost + (end - begin);
}

static void on_hook(lua_State *L, LuaDebug *activation) {
  Worker *worker = own;
  Coroutine *coroutine = NULL;
  State *state = worker == NULL ? NULL : state_with(L, &coroutine);
  if (state == NULL) return;
  int event = activation->event;
  worker->is_busy = true;
  const LuaApi *api = state->api;
  LuaHook hook = coroutine->is_armed ? coroutine->hook : NULL;
  int mask = coroutine->is_armed ? coroutine->mask : 0;
  if (!coroutine->is_armed) api->sethook(L, NULL, 0, 0); /* inherited from the one that made it */
  disarm(state);
  if (worker->ticks > 0 && !is_over) sample(worker, state, L, event);
  worker->is_busy = false;
  if (hook != NULL && (mask & 1 << (event > EVENT_COUNT ? EVENT_CALL : event)) != 0) hook(L, activation);
}

static void on_jit_sample(void *context, lua_State *L, int samples, int condition) {
  State *state = context;
  Worker *worker = worker_here(false); /* a host may run a state in another thread than it made it in */
  if (worker == NULL || is_over) return;
  state->has_samples = true;
  uint64_t begin = cpu_now(), cost = worker->cost_ns, ns = charge(worker, begin);
  pthread_mutex_lock(&recording_lock);
  if (!state->is_written) write_state(state);
  uint32_t node = stack_node(state->api, L, 0, 0, 0);
  if (node != 0) recording_sample(state->number, node, (uint32_t)samples, ns, cost, (char)condition);
  pthread_mutex_unlock(&recording_lock);
  worker->cost_ns = cpu_now() - begin;
}

/* --- hits */

static void write_hits(void) {
  for (uint32_t node = 0; node < hits_capacity; node++)
    if (hits[node].now != hits[node].written) recording_hits(node, hits[node].written = hits[node].now);
}

static void on_line(lua_State *L, LuaDebug *activation) {
  State *state = states_first();
  while (state != NULL && state->next != NULL && (state->is_closed || state_coroutine(state, L) == NULL)) state = state->next;
  if (state == NULL || is_over) return;
  pthread_mutex_lock(&recording_lock);
  if (!state->is_written) write_state(state);
  uint32_t node = stack_line_node(state->api, L, activation);
  if (node >= hits_capacity) {
    uint32_t capacity = 2 * node + 1024;
    Hits *grown = recorder_resize(hits, capacity * sizeof *grown);
    if (grown != NULL) {
      memset(grown + hits_capacity, 0, (capacity - hits_capacity) * sizeof *grown);
      hits = grown;
      hits_capacity = capacity;
    }
  }
  if (node != 0 && node < hits_capacity) hits[node].now++;
  if (++hit_events >= HITS_EVERY) {
    hit_events = 0;
    uint64_t now = cpu_now();
    if (now - hits_written_ns > HITS_WRITTEN_NS) {
      hits_written_ns = now;
      write_hits();
    }
  }
  pthread_mutex_unlock(&recording_lock);
}

/* --- states */

static void start_jit_profile(State *state) {
  char mode[32];
  uint64_t ms = recording_plan()->interval_ns / 1000000;
  snprintf(mode, sizeof mode, "li%u", (unsigned)(ms > 0 ? ms : 1));
  state->api->profile_start(state->main, mode, on_jit_sample, state);
}

/* LuaJIT profiles one state of a process: the last one that was made before any of them did noticeable work, because hosts
   make states to look into a file, or for threads of theirs. */
static bool is_free_for(const State *another) {
  for (State *state = states_first(); state != NULL; state = state->next)
    if (state->has_profile && !state->is_closed) {
      if (state->has_samples || state->api != another->api) return false;
      state->api->profile_stop(state->main);
      state->has_profile = false;
      write_state(state);
    }
  return true;
}

static void begin(State *state) {
  const LuaApi *api = state->api;
  if (recording_plan()->counts_lines) {
    if (api->is_jit) api->setmode(state->main, 0, JIT_ENGINE_OFF); /* compiled code calls no hooks */
    api->sethook(state->main, on_line, MASK_LINE, 0);
  } else if (!api->is_jit)
    state->worker = worker_here(true);
  else if (api->profile_start != NULL && api->profile_stop != NULL && is_free_for(state)) {
    worker_here(false);
    state->has_profile = true;
    start_jit_profile(state);
  }
}

bool sampler_attach(const LuaApi *api, lua_State *L) {
  bool is_first;
  if (recording_plan()->folder == NULL) return false;
  pthread_mutex_lock(&recording_lock);
  bool is_open = recording_open();
  State *state = is_open ? state_of(api, L, &is_first) : NULL;
  pthread_mutex_unlock(&recording_lock);
  if (state == NULL) return false;
  if (!is_first) return true;
  begin(state);
  pthread_mutex_lock(&recording_lock);
  write_state(state);
  pthread_mutex_unlock(&recording_lock);
  return true;
}

void sampler_state_closed(State *state) {
  state->is_closed = true;
  pthread_mutex_lock(&recording_lock);
  write_hits();
  if (state->is_written) recording_closed(state->number);
  pthread_mutex_unlock(&recording_lock);
}

void sampler_detach(const LuaApi *api, lua_State *L) {
  for (State *state = states_first(); state != NULL; state = state->next)
    if (state->api == api && state->main == L && !state->is_closed) {
      sampler_state_closed(state);
      return;
    }
}

/* --- the process */

/* A child has the states of the thread that forked, no timers, a clock of its own, and a file of its own. */
static void in_child(void) {
  recording_forget();
  memset(&recording_lock, 0, sizeof recording_lock);
  hits = recorder_resize(hits, 0);
  hits_capacity = 0;
  for (State *state = states_first(); state != NULL; state = state->next) {
    state->is_written = false;
    if (state->worker != own) state->worker = NULL;
  }
  if (own == NULL) return;
  own->ticks = 0;
  own->cost_ns = 0;
  own->charged_ns = cpu_now();
  if (own->has_ticker) {
    ticker_forget(&own->ticker);
    start_ticker(own);
  }
  for (State *state = states_first(); state != NULL; state = state->next)
    if (state->has_profile && !state->is_closed) {
      state->api->profile_stop(state->main);
      start_jit_profile(state);
    }
}

__attribute__((constructor)) static void process_begins(void) { pthread_atfork(NULL, NULL, in_child); }

__attribute__((destructor)) static void process_ends(void) {
  is_over = true;
  if (states_first() == NULL) recording_no_lua();
  write_hits();
}
