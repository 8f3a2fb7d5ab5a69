/* The samplers: what a sample is charged to, and the two clocks that take one, a signal and a thread.

   The signal's handler runs between any two machine instructions of the VM's thread. It allocates nothing, and of the
   VM's memory it reads only what is mapped whenever it comes: the frames and the saved pcs in them, which it looks up
   among the profiled functions instead of trusting them. While frames move, or the list of functions does, it waits. The
   thread reads the running pc and no frames. */
#if defined(__linux__)
#define _GNU_SOURCE
#elif !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#endif
#include "sampler.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "profiler.h"

#if defined(_WIN32)
#include <process.h>
#include <windows.h>
#else
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#define HAS_SIGNAL_SAMPLER 1
#else
#define HAS_SIGNAL_SAMPLER 0
#endif

#define BEST_SHARE 100         /* the best interval is so many times as long as what a sample takes: */
#define COST_SAMPLES 24        /* as the quarter of so many say that were least disturbed, */
#define COST_INTERVAL_NS 60000 /* one after the other, */
#define COST_LIMIT_NS 5000000  /* or of what comes in this time */
#define MAX_NODES 65536
#define NODE_BUCKETS (2 * MAX_NODES)
#define MAX_BUILTINS 1024
#define BUILTIN_BUCKETS (2 * MAX_BUILTINS)
#define PLACES 1024   /* entries of the cache of places by pc */
#define MAX_PATH 250  /* different places on one call path */
#define ON_PATH 1024  /* buckets for them */
#define MAX_FRAMES 4096 /* looked at in one sample: the outermost and the innermost half of them */
#define MAX_THREADS 256 /* coroutines that wait for each other; more than MAX_C_DEPTH */

/* Where a pc stands. */
typedef struct Place {
  const uint32_t *pc;
  Proto *proto;
  uint32_t word;
  uint32_t line;
} Place;

/* The place was seen on the path of the sample with this number. */
typedef struct OnPath {
  uint32_t function;
  uint32_t line;
  uint64_t sample;
} OnPath;

struct Sampler {
  VM *vm;
  enum SamplerKind kind;
  uint64_t interval_ns;
  uint64_t random;
  Samples samples;
  Place places[PLACES];
  OnPath on_path[ON_PATH];
  uint32_t builtin_buckets[BUILTIN_BUCKETS]; /* index + 1 */
  uint32_t *node_buckets;                    /* index + 1 */
  /* signal */
  atomic_bool locked; /* what a sample reads is being changed: */
  atomic_bool late;   /* a sample waits until it has been, and the timer until then */
  atomic_int trials;  /* signals that came while their cost is measured; -1 when they are samples */
  Sampler *outer;     /* on the same thread: the machine that runs this one's */
#if HAS_SIGNAL_SAMPLER
  timer_t timer;
  bool is_running;
  bool had_blocked;
#endif
  /* thread */
  atomic_bool stopping;
#if defined(_WIN32)
  HANDLE thread;
  CRITICAL_SECTION mutex;
#else
  pthread_t thread;
  pthread_mutex_t mutex;
#endif
  bool has_thread;
};

/* Between half and one and a half of the interval, so that no program runs in step with it. */
static uint64_t next_interval(Sampler *s) {
  s->random ^= s->random << 13;
  s->random ^= s->random >> 7;
  s->random ^= s->random << 17;
  return s->interval_ns / 2 + s->random % (s->interval_ns + 1);
}

static uint32_t hash(uint64_t a, uint64_t b) {
  uint64_t h = (a ^ b * 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u;
  return (uint32_t)(h >> 32);
}

/* Where the instruction is that ends before pc; NULL if pc is in no profiled function. */
static const Place *place_of(Sampler *s, const uint32_t *pc) {
  Place *place = &s->places[hash((uintptr_t)pc, 0) % PLACES];
  if (place->pc == pc) return place;
  Proto *p = profiler_function_at(s->vm->profiler, pc);
  if (p == NULL) return NULL;
  uint32_t word = pc > p->code ? (uint32_t)(pc - p->code) - 1 : 0;
  *place = (Place){pc, p, word, profiler_line(p, word)};
  return place;
}

/* The index of a library function's row; NO_BUILTIN when there are too many. */
static uint32_t builtin_row(Sampler *s, const char *name) {
  Samples *samples = &s->samples;
  uint32_t at = hash((uintptr_t)name, 1) % BUILTIN_BUCKETS;
  for (; s->builtin_buckets[at] != 0; at = (at + 1) % BUILTIN_BUCKETS)
    if (samples->builtins[s->builtin_buckets[at] - 1].name == name) return s->builtin_buckets[at] - 1;
  if (samples->builtin_count >= MAX_BUILTINS) return NO_BUILTIN;
  samples->builtins[samples->builtin_count].name = name;
  s->builtin_buckets[at] = ++samples->builtin_count;
  return samples->builtin_count - 1;
}

/* --- the call tree */

/* The node below `parent`; the parent itself when the tree is full. */
static uint32_t child(Sampler *s, uint32_t parent, uint32_t function, uint32_t line, uint32_t builtin) {
  Samples *samples = &s->samples;
  uint32_t at = hash((uint64_t)parent << 32 | function, (uint64_t)builtin << 32 | line) % NODE_BUCKETS;
  for (; s->node_buckets[at] != 0; at = (at + 1) % NODE_BUCKETS) {
    const TreeNode *node = &samples->nodes[s->node_buckets[at] - 1];
    if (node->parent == parent && node->function == function && node->line == line && node->builtin == builtin)
      return s->node_buckets[at] - 1;
  }
  if (samples->node_count >= MAX_NODES) return parent;
  samples->nodes[samples->node_count] = (TreeNode){parent, function, line, builtin, 0};
  s->node_buckets[at] = ++samples->node_count;
  return samples->node_count - 1;
}

/* Notes a place of this sample's path; false if it is on it already. */
static bool put_on_path(Sampler *s, const Place *place) {
  uint32_t at = hash(place->proto->id, place->line) % ON_PATH;
  for (; s->on_path[at].sample == s->samples.all; at = (at + 1) % ON_PATH)
    if (s->on_path[at].function == place->proto->id && s->on_path[at].line == place->line) return false;
  s->on_path[at] = (OnPath){place->proto->id, place->line, s->samples.all};
  return true;
}

/* The threads from the outermost to the running one, and how many frames they have. */
static int waiting_threads(const Sampler *s, const Thread **threads, size_t *frames) {
  int count = 0;
  *frames = 0;
  for (const Thread *t = s->vm->current; t != NULL && count < MAX_THREADS; t = t->resumer) {
    *frames += (size_t)(t->frame - t->frames) + 1;
    threads[count++] = t;
  }
  for (int i = 0; i < count / 2; i++) {
    const Thread *kept = threads[i];
    threads[i] = threads[count - 1 - i];
    threads[count - 1 - i] = kept;
  }
  return count;
}

typedef struct Path {
  uint32_t node;
  int length;
} Path;

static void extend(Sampler *s, Path *path, const Place *place) {
  if (path->length >= MAX_PATH || !put_on_path(s, place)) return;
  path->node = child(s, path->node, place->proto->id, place->line, NO_BUILTIN);
  path->length++;
}

/* The node of the running instruction. The last frame's saved pc may be older than the running instruction, and a call or
   a return may be half done, so that the frame is judged by its function: it is left out when the instruction is in its
   function, or when it is the call that the frame below waits in. */
static uint32_t leaf_node(Sampler *s, const Place *leaf) {
  const Thread *threads[MAX_THREADS];
  size_t frames, index = 0;
  int count = waiting_threads(s, threads, &frames);
  Path path = {0, 0};
  const uint32_t *last = NULL, *last_but_one = NULL; /* saved pcs that are not yet on the path */
  for (int i = 0; i < count; i++) {
    for (const Frame *f = threads[i]->frames; f <= threads[i]->frame; f++, index++) {
      if (frames > MAX_FRAMES && index >= MAX_FRAMES / 2 && index < frames - MAX_FRAMES / 2) continue;
      if (f->kind != FRAME_LUA) continue;
      const Place *place = last != NULL ? place_of(s, last) : NULL;
      if (place != NULL) extend(s, &path, place);
      last_but_one = last;
      last = f->pc;
    }
  }
  const Place *place = last != NULL ? place_of(s, last) : NULL;
  if (place != NULL && place->proto != leaf->proto && last_but_one != leaf->pc) extend(s, &path, place);
  const TreeNode *end = &s->samples.nodes[path.node];
  bool is_end = path.node != 0 && end->function == leaf->proto->id && end->line == leaf->line;
  return is_end ? path.node : child(s, path.node, leaf->proto->id, leaf->line, NO_BUILTIN);
}

/* --- a sample */

static void take_sample(Sampler *s) {
  VM *vm = s->vm;
  Samples *samples = &s->samples;
  const uint32_t *pc = RUNNING_GET(vm, pc); /* before anything else of the VM's: see Running */
  const char *builtin = RUNNING_GET(vm, builtin);
  samples->all++;
  if (RUNNING_GET(vm, collecting)) {
    samples->collecting++;
    return;
  }
  const Place *found = pc != NULL ? place_of(s, pc + 1) : NULL;
  if (found == NULL) {
    samples->outside++;
    return;
  }
  const Place leaf = *found; /* the cache's entry may be another's soon */
  leaf.proto->counts->samples[leaf.word]++;
  uint32_t row = builtin != NULL ? builtin_row(s, builtin) : NO_BUILTIN;
  if (row != NO_BUILTIN) samples->builtins[row].samples++;
  if (samples->nodes == NULL) return;
  uint32_t node = leaf_node(s, &leaf);
  if (row != NO_BUILTIN) node = child(s, node, 0, 0, row);
  samples->nodes[node].samples++;
}

/* --- the signal */

#if HAS_SIGNAL_SAMPLER

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static _Thread_local Sampler *volatile innermost; /* the samplers of this thread */
static pthread_mutex_t handler_mutex = PTHREAD_MUTEX_INITIALIZER;
static int handler_users;
static struct sigaction former_action;

static void arm(Sampler *s) {
  uint64_t ns = next_interval(s);
  struct itimerspec time = {{0, 0}, {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)}};
  timer_settime(s->timer, 0, &time, NULL);
}

static void on_signal(int number, siginfo_t *info, void *context) {
  (void)number;
  (void)context;
  if (info->si_code != SI_TIMER) return;
  int kept = errno;
  Sampler *s = innermost;
  while (s != NULL && s != info->si_value.sival_ptr) s = s->outer;
  if (s != NULL) {
    if (atomic_load_explicit(&s->trials, memory_order_relaxed) >= 0) {
      atomic_fetch_add_explicit(&s->trials, 1, memory_order_relaxed);
      arm(s);
    } else if (atomic_load_explicit(&s->locked, memory_order_relaxed)) {
      atomic_store_explicit(&s->late, true, memory_order_relaxed);
    } else {
      take_sample(s);
      arm(s);
    }
  }
  errno = kept;
}

static bool timer_make(Sampler *s) {
  struct sigevent event;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGPROF;
  event.sigev_value.sival_ptr = s;
  event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
  return timer_create(CLOCK_MONOTONIC, &event, &s->timer) == 0;
}

static void handler_install(void) {
  pthread_mutex_lock(&handler_mutex);
  if (handler_users++ == 0) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGPROF, &action, &former_action);
  }
  pthread_mutex_unlock(&handler_mutex);
}

static void handler_remove(void) {
  pthread_mutex_lock(&handler_mutex);
  struct sigaction present;
  if (--handler_users == 0 && sigaction(SIGPROF, NULL, &present) == 0 && (present.sa_flags & SA_SIGINFO) &&
      present.sa_sigaction == on_signal)
    sigaction(SIGPROF, &former_action, NULL);
  pthread_mutex_unlock(&handler_mutex);
}

static void signal_again(Sampler *s) { arm(s); }

static bool signal_works(Sampler *s) {
  if (!timer_make(s)) return false;
  timer_delete(s->timer);
  return true;
}

static void signal_enter(Sampler *s) {
  handler_install();
  s->outer = innermost;
  innermost = s;
  s->is_running = timer_make(s);
  if (!s->is_running) return;
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, SIGPROF);
  pthread_sigmask(SIG_UNBLOCK, &set, &before);
  s->had_blocked = sigismember(&before, SIGPROF) == 1;
  arm(s);
}

/* A signal that is on its way when the timer goes comes at the end of that system call at the latest. */
static void signal_leave(Sampler *s) {
  if (s->is_running) timer_delete(s->timer);
  if (s->is_running && s->had_blocked) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPROF);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
  }
  s->is_running = false;
  innermost = s->outer;
  handler_remove();
}

static int by_size(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
  return a < b ? -1 : a > b;
}

/* What a signal takes from the thread, in nanoseconds: the gaps that signals leave in a loop that only reads the clock.
   That is 2 us on one machine and 20 on another, where a timer's interrupt leaves a virtual machine. */
static uint64_t signal_cost(Sampler *s) {
  uint64_t gaps[COST_SAMPLES];
  int found = 0;
  s->interval_ns = COST_INTERVAL_NS;
  atomic_store(&s->trials, 0);
  signal_enter(s);
  uint64_t begun = profiler_now_ns(), last = begun, before_last = begun;
  while (found < COST_SAMPLES && last - begun < COST_LIMIT_NS) {
    int seen = atomic_load_explicit(&s->trials, memory_order_relaxed);
    uint64_t now = profiler_now_ns();
    if (seen > found) gaps[found++] = now - before_last; /* it may have come before the last look at `trials` or after it */
    before_last = last;
    last = now;
  }
  signal_leave(s);
  atomic_store(&s->trials, -1);
  if (found == 0) return MAX_INTERVAL_NS;
  qsort(gaps, (size_t)found, sizeof gaps[0], by_size);
  return gaps[found / 4];
}

#else
static uint64_t signal_cost(Sampler *s) {
  (void)s;
  return MAX_INTERVAL_NS;
}
static bool signal_works(Sampler *s) {
  (void)s;
  return false;
}
static void signal_again(Sampler *s) { (void)s; }
static void signal_enter(Sampler *s) { (void)s; }
static void signal_leave(Sampler *s) { (void)s; }
#endif

/* --- the thread */

#if defined(_WIN32)
static void mutex_make(Sampler *s) { InitializeCriticalSection(&s->mutex); }
static void mutex_delete(Sampler *s) { DeleteCriticalSection(&s->mutex); }
static void mutex_lock(Sampler *s) { EnterCriticalSection(&s->mutex); }
static void mutex_unlock(Sampler *s) { LeaveCriticalSection(&s->mutex); }
static void wait_ns(uint64_t ns) { Sleep((DWORD)((ns + 999999) / 1000000)); }
#else
static void mutex_make(Sampler *s) { pthread_mutex_init(&s->mutex, NULL); }
static void mutex_delete(Sampler *s) { pthread_mutex_destroy(&s->mutex); }
static void mutex_lock(Sampler *s) { pthread_mutex_lock(&s->mutex); }
static void mutex_unlock(Sampler *s) { pthread_mutex_unlock(&s->mutex); }
static void wait_ns(uint64_t ns) {
  struct timespec time = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
  nanosleep(&time, NULL);
}
#endif

#define LONGEST_WAIT_NS 20000000u /* a long interval is waited for in pieces, so that the thread can be stopped */

static void read_samples(Sampler *s) {
  for (;;) {
    uint64_t left = next_interval(s);
    while (left > 0 && !atomic_load(&s->stopping)) {
      uint64_t piece = left < LONGEST_WAIT_NS ? left : LONGEST_WAIT_NS;
      wait_ns(piece);
      left -= piece;
    }
    if (atomic_load(&s->stopping)) return;
    mutex_lock(s);
    take_sample(s);
    mutex_unlock(s);
  }
}

#if defined(_WIN32)
static unsigned __stdcall thread_body(void *sampler) {
  read_samples(sampler);
  return 0;
}

static void thread_enter(Sampler *s) {
  atomic_store(&s->stopping, false);
  s->thread = (HANDLE)_beginthreadex(NULL, 0, thread_body, s, 0, NULL);
  s->has_thread = s->thread != NULL;
}

static void thread_leave(Sampler *s) {
  if (!s->has_thread) return;
  atomic_store(&s->stopping, true);
  WaitForSingleObject(s->thread, INFINITE);
  CloseHandle(s->thread);
  s->has_thread = false;
}
#else
static void *thread_body(void *sampler) {
  read_samples(sampler);
  return NULL;
}

/* Signals are for the program's threads. */
static void thread_enter(Sampler *s) {
  atomic_store(&s->stopping, false);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  s->has_thread = pthread_create(&s->thread, NULL, thread_body, s) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void thread_leave(Sampler *s) {
  if (!s->has_thread) return;
  atomic_store(&s->stopping, true);
  pthread_join(s->thread, NULL);
  s->has_thread = false;
}
#endif

/* --- both */

static uint64_t best_interval(Sampler *s) {
  uint64_t interval = s->kind == SAMPLER_SIGNAL ? BEST_SHARE * signal_cost(s) : LONGEST_BEST_NS;
  return interval < SHORTEST_BEST_NS ? SHORTEST_BEST_NS : interval > LONGEST_BEST_NS ? LONGEST_BEST_NS : interval;
}

Sampler *sampler_new(VM *vm, enum SamplerKind kind, uint64_t interval_ns, bool *is_supported) {
  *is_supported = true;
  Sampler *s = memory_uncounted(1, sizeof *s);
  if (s == NULL) return NULL;
  s->vm = vm;
  s->interval_ns = interval_ns;
  s->random = 0x2545F4914F6CDD1Du ^ interval_ns;
  atomic_init(&s->trials, -1);
  s->kind = kind != SAMPLER_THREAD && signal_works(s) ? SAMPLER_SIGNAL : SAMPLER_THREAD;
  mutex_make(s);
  if (kind == SAMPLER_SIGNAL && s->kind != kind) {
    *is_supported = false;
    sampler_delete(s);
    return NULL;
  }
  s->samples.builtins = memory_uncounted(MAX_BUILTINS, sizeof(BuiltinSamples));
  bool is_complete = s->samples.builtins != NULL;
  if (s->kind == SAMPLER_SIGNAL) {
    s->samples.nodes = memory_uncounted(MAX_NODES, sizeof(TreeNode));
    s->node_buckets = memory_uncounted(NODE_BUCKETS, sizeof(uint32_t));
    s->samples.node_count = 1;
    is_complete = is_complete && s->samples.nodes != NULL && s->node_buckets != NULL;
  }
  if (is_complete && interval_ns == BEST_INTERVAL) s->interval_ns = best_interval(s);
  if (is_complete) return s;
  sampler_delete(s);
  return NULL;
}

void sampler_delete(Sampler *s) {
  if (s == NULL) return;
  mutex_delete(s);
  memory_uncounted_free(s->samples.builtins);
  memory_uncounted_free(s->samples.nodes);
  memory_uncounted_free(s->node_buckets);
  memory_uncounted_free(s);
}

uint64_t sampler_interval_ns(const Sampler *s) { return s->interval_ns; }

enum SamplerKind sampler_kind(const Sampler *s) { return s->kind; }

const Samples *sampler_samples(const Sampler *s) { return &s->samples; }

void sampler_enter(Sampler *s) {
  if (s == NULL) return;
  RUNNING_SET(s->vm, pc, NULL);
  RUNNING_SET(s->vm, builtin, NULL);
  if (s->kind == SAMPLER_SIGNAL)
    signal_enter(s);
  else
    thread_enter(s);
}

void sampler_leave(Sampler *s) {
  if (s == NULL) return;
  if (s->kind == SAMPLER_SIGNAL)
    signal_leave(s);
  else
    thread_leave(s);
  RUNNING_SET(s->vm, pc, NULL);
}

void sampler_lock(Sampler *s) {
  if (s == NULL) return;
  atomic_store(&s->locked, true);
  if (s->kind == SAMPLER_THREAD) mutex_lock(s);
}

void sampler_unlock(Sampler *s) {
  if (s == NULL) return;
  if (s->kind == SAMPLER_THREAD) mutex_unlock(s);
  atomic_store(&s->locked, false);
  if (!atomic_load(&s->late)) return;
  atomic_store(&s->late, false);
  take_sample(s);
  signal_again(s);
}
