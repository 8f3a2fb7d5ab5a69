/* The samplers: what a sample is charged to, and the clocks that have one taken: a timer, another thread, and for tests
   every instruction of the processor.

   A sample is taken while the VM's thread stands between any two of its machine instructions: by the handler of a signal
   to it, or where there are no signals by a thread that has suspended it. It allocates nothing, and trusts the frames,
   which say at any moment what runs (see Frame). While frames move it waits. */
#if defined(__linux__)
#define _GNU_SOURCE
#elif !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#endif
#include "sampler.h"

#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "memory/memory.h"
#include "opcodes.h"
#include "profiler.h"

#if defined(_WIN32)
#include <process.h>
#include <windows.h>
#else
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#endif
#if defined(__linux__)
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#define HAS_TIMER 1
#else
#define HAS_TIMER 0
#endif
#if defined(__linux__) && defined(__x86_64__)
#define HAS_STEPS 1
#else
#define HAS_STEPS 0
#endif

#define BEST_SHARE 100         /* the best interval is so many times as long as what a sample takes: */
#define COST_SAMPLES 24        /* as the quarter of so many say that were least disturbed, */
#define COST_INTERVAL_NS 60000 /* one after the other, */
#define COST_LIMIT_NS 5000000  /* or of what comes in this time */
#define MAX_NODES 65536
#define NODE_BUCKETS (2 * MAX_NODES)
#define MAX_BUILTINS 1024
#define BUILTIN_BUCKETS (2 * MAX_BUILTINS)
#define MAX_FRAMES 4096 /* looked at in one sample: the outermost and the innermost half of them */
#define ON_PATH (4 * MAX_FRAMES) /* buckets for the places on one call path */
#define MAX_THREADS 256 /* coroutines that wait for each other; more than MAX_C_DEPTH */

/* Where a frame stands: in a function's line, or in a library function that was called from there. */
typedef struct Place {
  uint32_t function;
  uint32_t line;
  uint32_t builtin;
} Place;

/* The place was seen on the path of the sample with this number. */
typedef struct OnPath {
  Place place;
  uint64_t sample;
} OnPath;

struct Sampler {
  VM *vm;
  enum SamplerKind kind;
  uint64_t interval_ns;
  uint64_t random;
  CpuWatch watch;
  Samples samples;
  OnPath on_path[ON_PATH];
  uint32_t builtin_buckets[BUILTIN_BUCKETS]; /* index + 1 */
  uint32_t *node_buckets;                    /* index + 1 */
  atomic_bool locked; /* what a sample reads is being changed: */
  atomic_bool late;   /* a sample waits until it has been, and the timer until then */
  /* signals */
  atomic_int trials; /* signals that came while their cost is measured; -1 when they are samples */
  atomic_bool asked; /* the thread has sent a signal, */
  atomic_bool asked_waiting; /* having seen that this one waited */
  atomic_bool stepping;
  Sampler *outer; /* on the same thread: the machine that runs this one's */
  bool is_running;
#if HAS_TIMER
  timer_t timer;
  uint64_t due_ns; /* when the next signal is sent */
#endif
  /* thread */
  atomic_bool stopping;
  bool has_thread;
  atomic_bool foreign; /* C code of a module runs: no signal is sent, */
  atomic_bool reading; /* and another thread takes a sample */
  bool comes_and_goes; /* see sampler_expect_short_runs */
  atomic_bool resting; /* no run is under way, which another thread would have samples of */
#if defined(_WIN32)
  HANDLE thread;
  HANDLE target; /* the VM's */
#else
  pthread_t thread;
  pthread_t target;
  pid_t process; /* that has the thread */
  bool had_blocked;
  pthread_mutex_t rest_mutex;
  pthread_cond_t rest_ends; /* `resting` or `stopping` has changed */
#endif
};

/* Up to the interval. */
static uint64_t random_part(Sampler *s) {
  s->random ^= s->random << 13;
  s->random ^= s->random >> 7;
  s->random ^= s->random << 17;
  return s->random % (s->interval_ns + 1);
}

/* Between half and one and a half of the interval, so that no program runs in step with it. */
static uint64_t next_interval(Sampler *s) { return s->interval_ns / 2 + random_part(s); }

/* What is left of such an interval at a moment that has nothing to do with it, so that every moment of a run is as likely
   to be sampled as any other, also of one that is over before its second sample. The density is even up to half of the
   interval, and falls from there to nothing at one and a half. */
static uint64_t first_interval(Sampler *s) {
  uint64_t a = random_part(s), b = random_part(s);
  if (a % 2 == 0) return 1 + b / 2;
  a = random_part(s);
  return 1 + s->interval_ns / 2 + s->interval_ns - (a > b ? a : b);
}

static uint32_t hash(uint64_t a, uint64_t b) {
  uint64_t h = (a ^ b * 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u;
  return (uint32_t)(h >> 32);
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

/* A node's place: a library function's caller is its parent. */
static Place node_place(const Place *place) {
  return place->builtin == NO_BUILTIN ? *place : (Place){0, 0, place->builtin};
}

static bool is_same_place(const Place *a, const Place *b) {
  return a->function == b->function && a->line == b->line && a->builtin == b->builtin;
}

static bool is_at(const TreeNode *node, const Place *place) {
  return is_same_place(&(Place){node->function, node->line, node->builtin}, place);
}

/* The node below `parent`; the parent itself when the tree is full. */
static uint32_t child(Sampler *s, uint32_t parent, const Place *of) {
  Samples *samples = &s->samples;
  const Place place = node_place(of);
  uint32_t at = hash((uint64_t)parent << 32 | place.function, (uint64_t)place.builtin << 32 | place.line) % NODE_BUCKETS;
  for (; s->node_buckets[at] != 0; at = (at + 1) % NODE_BUCKETS) {
    const TreeNode *node = &samples->nodes[s->node_buckets[at] - 1];
    if (node->parent == parent && is_at(node, &place)) return s->node_buckets[at] - 1;
  }
  if (samples->node_count >= MAX_NODES) return parent;
  samples->nodes[samples->node_count] = (TreeNode){parent, place.function, place.line, place.builtin, 0, 0};
  s->node_buckets[at] = ++samples->node_count;
  return samples->node_count - 1;
}

/* Notes a place of this sample's path; false if it is on it already. */
static bool put_on_path(Sampler *s, const Place *place) {
  uint32_t at = hash(place->function, (uint64_t)place->builtin << 32 | place->line) % ON_PATH;
  for (; s->on_path[at].sample == s->samples.all; at = (at + 1) % ON_PATH)
    if (is_same_place(&s->on_path[at].place, place)) return false;
  s->on_path[at] = (OnPath){*place, s->samples.all};
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

/* The instruction that runs, or that has called what runs. */
typedef struct Instruction {
  Proto *proto; /* NULL: there is none */
  uint32_t word;
} Instruction;

static bool builtin_place(Sampler *s, const char *name, Instruction caller, Place *place) {
  if (caller.proto == NULL) return false;
  *place = (Place){caller.proto->id, profiler_line(caller.proto, caller.word), builtin_row(s, name)};
  return place->builtin != NO_BUILTIN;
}

/* What a frame stands for in a call path; false if for nothing. */
static bool frame_place(Sampler *s, const Frame *f, Place *place, Instruction *running) {
  if (f->kind == FRAME_LUA) {
    Proto *p = f->base[-1].luafn->proto;
    if (p->counts == NULL) return false;
    uint32_t word = profiler_word(p, f->pc);
    *running = (Instruction){p, word};
    *place = (Place){p->id, profiler_line(p, word), NO_BUILTIN};
    return true;
  }
  if (f->cfn == NULL) return false;
  return builtin_place(s, f->cfn->name, *running, place);
}

/* Generic for steps with next, and with the iterator of ipairs, without a frame for them. */
static bool is_stepping(Sampler *s, const Frame *f, Instruction running, Place *place) {
  if (f->kind != FRAME_LUA || running.proto == NULL) return false;
  uint32_t word = running.proto->code[running.word];
  if ((word & 0xFF) != OP_TFORCALL) return false;
  const Value *iterator = f->base + (word >> 8 & 0xFF);
  return iterator->tag == TAG_CFN && builtin_place(s, iterator->cfn->name, running, place);
}

/* --- a sample */

/* A place that is on the path already, by recursion, is not put there again, but where the path ends. */
static void take_sample(Sampler *s, bool is_waiting) {
  VM *vm = s->vm;
  Samples *samples = &s->samples;
  samples->all++;
  samples->waiting += is_waiting;
  uint8_t activity = atomic_load_explicit(&vm->activity, memory_order_relaxed);
  if (activity != ACTIVITY_PROGRAM) {
    samples->activities[activity]++;
    samples->activities_waiting[activity] += is_waiting;
    return;
  }
  const Thread *threads[MAX_THREADS];
  size_t frames, index = 0;
  int count = waiting_threads(s, threads, &frames);
  Instruction running = {NULL, 0};
  Place last = {0, 0, NO_BUILTIN}; /* not yet on the path */
  uint32_t node = 0;
  bool has_last = false;
  for (int i = 0; i < count; i++) {
    for (const Frame *f = threads[i]->frames; f <= threads[i]->frame; f++, index++) {
      Place place;
      if (frames > MAX_FRAMES && index >= MAX_FRAMES / 2 && index < frames - MAX_FRAMES / 2) {
        if (index > MAX_FRAMES / 2 || !builtin_place(s, NOT_SHOWN, running, &place)) continue;
      } else if (!frame_place(s, f, &place, &running)) {
        continue;
      }
      if (has_last && put_on_path(s, &last)) node = child(s, node, &last);
      last = place;
      has_last = true;
    }
  }
  if (running.proto == NULL) {
    samples->outside++;
    samples->outside_waiting += is_waiting;
    return;
  }
  running.proto->counts->samples[running.word]++;
  running.proto->counts->waiting[running.word] += is_waiting;
  Place step;
  if (is_stepping(s, vm->current->frame, running, &step)) {
    if (put_on_path(s, &last)) node = child(s, node, &last);
    last = step;
  }
  const Place end = node_place(&last);
  if (node == 0 || !is_at(&samples->nodes[node], &end)) node = child(s, node, &last);
  samples->nodes[node].samples++;
  samples->nodes[node].waiting += is_waiting;
  if (last.builtin == NO_BUILTIN) return;
  samples->builtins[last.builtin].samples++;
  samples->builtins[last.builtin].waiting += is_waiting;
}

/* Unless what it reads is being changed: then it is taken when that is over. False if it is late. */
static bool sample_now(Sampler *s, bool is_waiting) {
  if (UNLIKELY(atomic_load_explicit(&s->resting, memory_order_relaxed))) return true; /* what it was to find is over */
  if (atomic_load_explicit(&s->locked, memory_order_relaxed)) {
    atomic_store_explicit(&s->late, true, memory_order_relaxed);
    return false;
  }
  take_sample(s, is_waiting);
  return true;
}

/* --- signals */

#if !defined(_WIN32)

static _Thread_local Sampler *volatile innermost; /* the samplers of this thread */
static pthread_mutex_t handler_mutex = PTHREAD_MUTEX_INITIALIZER;
static int handler_users;
static struct sigaction former_action;

#if HAS_TIMER
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static void timer_arm(Sampler *s, uint64_t ns) {
  struct itimerspec time = {{0, 0}, {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)}};
  s->due_ns = profiler_now_ns() + ns;
  timer_settime(s->timer, 0, &time, NULL);
}

static void timer_expired(Sampler *s, const void *context) {
  if (atomic_load_explicit(&s->trials, memory_order_relaxed) >= 0) {
    atomic_fetch_add_explicit(&s->trials, 1, memory_order_relaxed);
  } else {
    uint64_t now = profiler_now_ns();
    if (!sample_now(s, cpu_interrupted_wait(&s->watch, context, now > s->due_ns ? now - s->due_ns : 0))) return;
  }
  timer_arm(s, next_interval(s));
}

static bool is_expired(const Sampler *s, const siginfo_t *info) {
  return s->kind == SAMPLER_SIGNAL && info->si_code == SI_TIMER && info->si_value.sival_ptr == s;
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

static void timer_stop(Sampler *s) { timer_delete(s->timer); }
#else
static void timer_arm(Sampler *s, uint64_t ns) { (void)s, (void)ns; }
static void timer_expired(Sampler *s, const void *context) { (void)s, (void)context; }
static bool is_expired(const Sampler *s, const siginfo_t *info) {
  (void)s, (void)info;
  return false;
}
static bool timer_make(Sampler *s) {
  (void)s;
  return false;
}
static void timer_stop(Sampler *s) { (void)s; }
#endif

static void on_signal(int number, siginfo_t *info, void *context) {
  (void)number;
  int kept = errno;
  for (Sampler *s = innermost; s != NULL; s = s->outer) {
    if (is_expired(s, info))
      timer_expired(s, context);
    else if (atomic_exchange_explicit(&s->asked, false, memory_order_relaxed))
      sample_now(s, atomic_load_explicit(&s->asked_waiting, memory_order_relaxed));
  }
  errno = kept;
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

static bool signal_works(Sampler *s) {
  if (!timer_make(s)) return false;
  timer_stop(s);
  return true;
}

/* The thread takes the sampler's signals from now on. */
static void listen(Sampler *s) {
  handler_install();
  s->outer = innermost;
  innermost = s;
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, SIGPROF);
  pthread_sigmask(SIG_UNBLOCK, &set, &before);
  s->had_blocked = sigismember(&before, SIGPROF) == 1;
}

/* A signal that is on its way comes at the end of the next system call at the latest. */
static void stop_listening(Sampler *s) {
  if (s->had_blocked) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPROF);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
  }
  innermost = s->outer;
  handler_remove();
}

static void signal_enter(Sampler *s) {
  listen(s);
  s->is_running = timer_make(s);
  if (s->is_running) timer_arm(s, first_interval(s));
}

static void signal_leave(Sampler *s) {
  if (s->is_running) timer_stop(s);
  s->is_running = false;
  stop_listening(s);
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
static void timer_arm(Sampler *s, uint64_t ns) { (void)s, (void)ns; }
static void signal_enter(Sampler *s) { (void)s; }
static void signal_leave(Sampler *s) { (void)s; }
#endif

/* --- steps: a trap at every instruction of the processor */

#if HAS_STEPS

#define TRAP_FLAG 0x100

static struct sigaction former_trap;

static void on_trap(int number, siginfo_t *info, void *context) {
  (void)number;
  (void)info;
  ucontext_t *state = context;
  Sampler *s = innermost;
  while (s != NULL && !atomic_load_explicit(&s->stepping, memory_order_relaxed)) s = s->outer;
  bool is_program = s != NULL && atomic_load_explicit(&s->vm->activity, memory_order_relaxed) == ACTIVITY_PROGRAM;
  if (s != NULL) sample_now(s, false);
  if (!is_program) state->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
}

static bool steps_work(void) { return true; }

static void steps_begin(void) {
  __asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; orl %0, (%%rsp); popfq; lea 128(%%rsp), %%rsp" ::"i"(TRAP_FLAG)
                   : "memory", "cc");
}

static void steps_enter(Sampler *s) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_trap;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGTRAP, &action, &former_trap);
  listen(s);
  atomic_store(&s->stepping, true);
  steps_begin();
}

static void steps_leave(Sampler *s) {
  atomic_store(&s->stepping, false);
  stop_listening(s);
  sigaction(SIGTRAP, &former_trap, NULL);
}
#else
static bool steps_work(void) { return false; }
static void steps_begin(void) {}
static void steps_enter(Sampler *s) { (void)s; }
static void steps_leave(Sampler *s) { (void)s; }
#endif

/* --- the thread: it has the VM's thread interrupted */

#if defined(_WIN32)
static void ask(Sampler *s) {
  if (SuspendThread(s->target) == (DWORD)-1) return;
  CONTEXT context = {.ContextFlags = CONTEXT_CONTROL};
  if (GetThreadContext(s->target, &context)) sample_now(s, false); /* which waits until the thread is suspended */
  ResumeThread(s->target);
}
static void wait_ns(uint64_t ns) { Sleep((DWORD)((ns + 999999) / 1000000)); }
#else
/* While C code runs the frames stand still, and the VM's thread waits for this one before it changes them. False if it does
   not run any more. */
static bool read_foreign(Sampler *s, bool is_waiting) {
  atomic_store(&s->reading, true);
  bool stands_still = atomic_load(&s->foreign);
  if (stands_still && !atomic_load(&s->resting)) sample_now(s, is_waiting);
  atomic_store(&s->reading, false);
  return stands_still;
}

/* Each thread says what it is about to do before it looks at what the other does: so C code never begins with a signal on
   its way. */
static void ask(Sampler *s) {
  bool is_waiting = s->watch.state_file >= 0 && cpu_thread_waits(&s->watch);
  atomic_store(&s->asked_waiting, is_waiting);
  do {
    atomic_store(&s->asked, true);
    if (!atomic_load(&s->foreign)) {
      pthread_kill(s->target, SIGPROF);
      return;
    }
    atomic_store(&s->asked, false);
  } while (!read_foreign(s, is_waiting) && !atomic_load(&s->stopping));
}
static void wait_ns(uint64_t ns) {
  struct timespec time = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
  nanosleep(&time, NULL);
}
#endif

#if defined(_WIN32)
static void wait_for_run(Sampler *s) { (void)s; }
#else
static void wait_for_run(Sampler *s) {
  pthread_mutex_lock(&s->rest_mutex);
  while (atomic_load(&s->resting) && !atomic_load(&s->stopping)) pthread_cond_wait(&s->rest_ends, &s->rest_mutex);
  pthread_mutex_unlock(&s->rest_mutex);
}
#endif

#define LONGEST_WAIT_NS 20000000u /* a long interval is waited for in pieces, so that the thread can be stopped */

#define MOST_VAIN 16 /* intervals in which nothing ran, until there are no more of them before something does */

static void read_samples(Sampler *s) {
  int vain = 0;
  for (uint64_t left = first_interval(s);; left = vain < MOST_VAIN ? next_interval(s) : first_interval(s)) {
    if (vain == MOST_VAIN) vain = 0;
    while (left > 0 && !atomic_load(&s->stopping)) {
      uint64_t piece = left < LONGEST_WAIT_NS ? left : LONGEST_WAIT_NS;
      wait_ns(piece);
      left -= piece;
    }
    if (atomic_load(&s->stopping)) return;
    if (!atomic_load(&s->resting)) {
      vain = 0;
      ask(s);
    } else if (++vain == MOST_VAIN) {
      wait_for_run(s);
    }
  }
}

#if defined(_WIN32)
static unsigned __stdcall thread_body(void *sampler) {
  read_samples(sampler);
  return 0;
}

static void thread_enter(Sampler *s) {
  atomic_store(&s->stopping, false);
  HANDLE process = GetCurrentProcess();
  s->has_thread = false;
  if (!DuplicateHandle(process, GetCurrentThread(), process, &s->target, 0, FALSE, DUPLICATE_SAME_ACCESS)) return;
  s->thread = (HANDLE)_beginthreadex(NULL, 0, thread_body, s, 0, NULL);
  s->has_thread = s->thread != NULL;
  if (!s->has_thread) CloseHandle(s->target);
}

static void thread_end(Sampler *s) { (void)s; }

static void thread_leave(Sampler *s) {
  if (!s->has_thread) return;
  atomic_store(&s->stopping, true);
  WaitForSingleObject(s->thread, INFINITE);
  CloseHandle(s->thread);
  CloseHandle(s->target);
  s->has_thread = false;
}
#else
static void wait_for_reader(Sampler *s);

#if defined(__linux__)
#define SHORT_SLICE_NS 100000 /* the shortest that Linux gives */

/* The calling thread works for microseconds, but then at once, and not when the VM's thread has to wait anyway. Linux, from
   6.12 on, lets a thread in the sooner the less it asks for, and without slack does not wait for other timers to expire. */
static void ask_for_punctuality(void) {
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns, deadline_ns, period_ns;
  } attributes = {.size = sizeof attributes, .nice = getpriority(PRIO_PROCESS, 0), .runtime_ns = SHORT_SLICE_NS};
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}
#else
static void ask_for_punctuality(void) {}
#endif

static void *thread_body(void *sampler) {
  ask_for_punctuality();
  read_samples(sampler);
  return NULL;
}

/* Signals are for the program's threads. */
static void thread_begin(Sampler *s) {
  s->target = pthread_self();
  s->process = getpid();
  atomic_store(&s->asked, false);
  atomic_store(&s->stopping, false);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  s->has_thread = pthread_create(&s->thread, NULL, thread_body, s) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* A child has none. */
static bool has_own_thread(const Sampler *s) { return s->has_thread && s->process == getpid(); }

static void thread_end(Sampler *s) {
  if (has_own_thread(s)) {
    pthread_mutex_lock(&s->rest_mutex);
    atomic_store(&s->stopping, true);
    pthread_cond_signal(&s->rest_ends);
    pthread_mutex_unlock(&s->rest_mutex);
    pthread_join(s->thread, NULL);
  }
  s->has_thread = false;
}

/* As if C code ran, until there is another run: no signal is on its way, and none is sent. */
static void thread_rest(Sampler *s) {
  atomic_store(&s->resting, true);
  sampler_begin_foreign(s);
  wait_for_reader(s);
}

static void thread_go_on(Sampler *s) {
  s->target = pthread_self();
  pthread_mutex_lock(&s->rest_mutex);
  sampler_end_foreign(s);
  atomic_store(&s->resting, false);
  pthread_cond_signal(&s->rest_ends);
  pthread_mutex_unlock(&s->rest_mutex);
}

static void thread_enter(Sampler *s) {
  listen(s);
  if (s->comes_and_goes && has_own_thread(s)) {
    thread_go_on(s);
    return;
  }
  if (s->comes_and_goes) { /* the first run, or a child's, which has copies of what its parent's thread was in */
    pthread_mutex_init(&s->rest_mutex, NULL);
    pthread_cond_init(&s->rest_ends, NULL);
    atomic_store(&s->foreign, false);
    atomic_store(&s->reading, false);
    atomic_store(&s->resting, false);
  }
  thread_begin(s);
}

static void thread_leave(Sampler *s) {
  if (s->comes_and_goes) thread_rest(s);
  else thread_end(s);
  stop_listening(s);
}
#endif

/* Waiting is known if it is in every part of the run. */
static void watched_thread_enter(Sampler *s) {
  if (s->comes_and_goes) { /* the program would find an open file among its own, which it may close */
    s->samples.knows_waiting = false;
    thread_enter(s);
    return;
  }
  cpu_watch_begin(&s->watch);
  bool is_known = s->watch.state_file >= 0;
  s->samples.knows_waiting = is_known && (s->samples.knows_waiting || s->samples.all == 0);
  thread_enter(s);
}

static void watched_thread_leave(Sampler *s) {
  thread_leave(s);
  cpu_watch_end(&s->watch);
}

/* --- C code of modules */

#if defined(_WIN32)
void sampler_begin_foreign(Sampler *s) { (void)s; }
void sampler_end_foreign(Sampler *s) { (void)s; }
static void wait_for_reader(Sampler *s) { (void)s; }
#else
static void wait_for_reader(Sampler *s) {
  while (UNLIKELY(atomic_load(&s->reading))) {
    sched_yield();
    if (s->process != getpid()) atomic_store(&s->reading, false); /* the reader is the parent's */
  }
}

/* From the first C function on the samples are another thread's, which need not send a signal. */
static void signals_to_thread(Sampler *s) {
  if (s->is_running) timer_stop(s);
  s->is_running = false;
  s->kind = SAMPLER_THREAD;
  cpu_watch_begin(&s->watch);
  s->samples.knows_waiting = s->watch.state_file >= 0 && (s->samples.knows_waiting || s->samples.all == 0);
  thread_begin(s);
}

#define SIGNAL_YIELDS 10000 /* until a signal that does not come is given up: the program may have blocked it */

void sampler_begin_foreign(Sampler *s) {
  if (s == NULL || s->kind == SAMPLER_STEPS) return;
  if (UNLIKELY(s->kind == SAMPLER_SIGNAL)) signals_to_thread(s);
  atomic_store(&s->foreign, true);
  for (int i = 0; UNLIKELY(atomic_load(&s->asked)) && i < SIGNAL_YIELDS && s->process == getpid(); i++) sched_yield();
}

void sampler_end_foreign(Sampler *s) {
  if (s == NULL || s->kind == SAMPLER_STEPS) return;
  atomic_store(&s->foreign, false);
  wait_for_reader(s);
}
#endif

/* --- all */

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
  s->random = 0x2545F4914F6CDD1Du ^ profiler_now_ns(); /* another place in every run of a program */
  atomic_init(&s->trials, -1);
#if !defined(_WIN32)
  pthread_mutex_init(&s->rest_mutex, NULL);
  pthread_cond_init(&s->rest_ends, NULL);
#endif
  if (kind == SAMPLER_STEPS)
    s->kind = steps_work() ? SAMPLER_STEPS : SAMPLER_THREAD;
  else
    s->kind = kind != SAMPLER_THREAD && signal_works(s) ? SAMPLER_SIGNAL : SAMPLER_THREAD;
  if (kind != SAMPLER_BEST && s->kind != kind) {
    *is_supported = false;
    memory_uncounted_free(s);
    return NULL;
  }
  s->samples.builtins = memory_uncounted(MAX_BUILTINS, sizeof(BuiltinSamples));
  s->watch.state_file = -1;
  s->samples.knows_waiting = s->kind == SAMPLER_SIGNAL && cpu_handler_sees_waits();
  s->samples.nodes = memory_uncounted(MAX_NODES, sizeof(TreeNode));
  s->node_buckets = memory_uncounted(NODE_BUCKETS, sizeof(uint32_t));
  s->samples.node_count = 1;
  bool is_complete = s->samples.builtins != NULL && s->samples.nodes != NULL && s->node_buckets != NULL;
  if (is_complete && interval_ns == BEST_INTERVAL) s->interval_ns = best_interval(s);
  if (is_complete) return s;
  sampler_delete(s);
  return NULL;
}

void sampler_expect_short_runs(Sampler *s) {
  if (s != NULL && s->kind == SAMPLER_THREAD) s->comes_and_goes = true;
}

void sampler_delete(Sampler *s) {
  if (s == NULL) return;
  if (s->comes_and_goes) thread_end(s);
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
  switch (s->kind) {
    case SAMPLER_SIGNAL: signal_enter(s); break;
    case SAMPLER_STEPS: steps_enter(s); break;
    default: watched_thread_enter(s); break;
  }
}

void sampler_leave(Sampler *s) {
  if (s == NULL) return;
  switch (s->kind) {
    case SAMPLER_SIGNAL: signal_leave(s); break;
    case SAMPLER_STEPS: steps_leave(s); break;
    default: watched_thread_leave(s); break;
  }
}

void sampler_go_on(const Sampler *s) {
  if (s != NULL && s->kind == SAMPLER_STEPS && atomic_load(&s->stepping)) steps_begin();
}

void sampler_lock(Sampler *s) {
  if (s == NULL) return;
  atomic_store(&s->locked, true);
  wait_for_reader(s);
}

void sampler_unlock(Sampler *s) {
  if (s == NULL) return;
  atomic_store(&s->locked, false);
  if (!atomic_exchange(&s->late, false)) return;
  atomic_store(&s->locked, true); /* one sample at a time: another one now is left out */
  take_sample(s, false);
  atomic_store(&s->late, false);
  atomic_store(&s->locked, false);
  if (s->kind == SAMPLER_SIGNAL) timer_arm(s, next_interval(s));
}
