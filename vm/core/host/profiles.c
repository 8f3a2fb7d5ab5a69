/* The profiles of the machines that a host makes. */
#define _GNU_SOURCE
#include "profiles.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capi/host.h"
#include "fatal_signals.h"
#include "machine/call.h"
#include "raw_bytes.h"

#define SNAPSHOT_SECONDS 1   /* from one to the next, */
#define SNAPSHOT_SHARE 20    /* or so many times as long as one takes */
#define COPY_SECONDS 5       /* that a copy of the process may take to send what it has */
#define WAIT_NS 1000000
#define NS_PER_SECOND 1000000000u

/* A machine that is profiled. */
typedef struct Recorded {
  struct Recorded *next;
  VM *vm;
  pid_t process; /* that the profile is of: a child which inherits the machine begins another one when it uses it */
  uint32_t number;
  atomic_bool has_run; /* since the last snapshot */
} Recorded;

static Wishes wishes;
static Recorded *all;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* of `all` */
static atomic_uint machines; /* of this process so far */
static pid_t process; /* this one: fork tells a child */
static pid_t watched; /* the process that a thread watches */

/* --- sending */

static void put_number(RawSink *sink, const char *key, uint64_t n) {
  sink->text(sink, key);
  sink->natural(sink, n);
}

/* What the server is told of a machine, with its figures if the profile has ended. */
static void send_state(const Recorded *r, bool is_whole) {
  int connection = server_connect(REQUEST_PROFILE);
  if (connection < 0) return;
  ByteSink bytes;
  RawSink *sink = &bytes.sink;
  raw_bytes_begin(&bytes, connection);
  sink->begin(sink, RAW_MAP);
  put_number(sink, "process", (uint64_t)r->process);
  put_number(sink, "number", r->number);
  put_number(sink, "is_whole", is_whole);
  sink->text(sink, "program");
  sink->text(sink, program_invocation_short_name);
  sink->text(sink, "raw");
  const Profiler *profiler = r->vm->profiler;
  if (profiler != NULL && !profiler->running) raw_tell(sink, profiler);
  else sink->none(sink);
  sink->end(sink);
  raw_bytes_end(&bytes);
  close(connection);
}

/* --- snapshots: a copy of the process ends its profiles and sends them, while this one goes on */

/* The copy is no child that the host would be told of, or would find by wait. */
static pid_t copy_process(void) { return (pid_t)syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L); }

static void send_all(pid_t original, bool is_whole) {
  for (Recorded *r = all; r != NULL; r = r->next) {
    if (r->process != original) continue;
    profiler_stop(r->vm);
    send_state(r, is_whole);
  }
}

static NORETURN void send_copies(pid_t original, bool is_whole) {
  sigset_t none;
  signals_to_default();
  signal(SIGALRM, SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  alarm(COPY_SECONDS);
  send_all(original, is_whole);
  _exit(0);
}

static void wait_for_copy(pid_t copy) {
  struct timespec pause = {0, WAIT_NS};
  for (;;) {
    pid_t found = waitpid(copy, NULL, (int)__WCLONE | WNOHANG);
    if (found == copy || (found < 0 && errno != EINTR)) return;
    nanosleep(&pause, NULL);
  }
}

static void snapshot(bool is_whole) {
  pid_t original = getpid(), copy = copy_process();
  if (copy == 0) send_copies(original, is_whole);
  if (copy > 0) wait_for_copy(copy);
  if (copy < 0 && is_whole) send_all(original, true); /* nothing follows */
}

static bool has_news(void) {
  bool is_new = false;
  for (Recorded *r = all; r != NULL; r = r->next) {
    bool is_inside = r->vm->profiler != NULL && r->vm->profiler->inside;
    is_new |= r->process == process && (atomic_exchange(&r->has_run, false) || is_inside);
  }
  return is_new;
}

static void *watch(void *unused) {
  (void)unused;
  uint64_t pause_ns = SNAPSHOT_SECONDS * (uint64_t)NS_PER_SECOND;
  for (;;) {
    struct timespec pause = {(time_t)(pause_ns / NS_PER_SECOND), (long)(pause_ns % NS_PER_SECOND)};
    nanosleep(&pause, NULL);
    uint64_t begun = profiler_now_ns();
    pthread_mutex_lock(&mutex); /* no machine goes meanwhile */
    if (has_news()) snapshot(false);
    pthread_mutex_unlock(&mutex);
    pause_ns = SNAPSHOT_SHARE * (profiler_now_ns() - begun);
    if (pause_ns < SNAPSHOT_SECONDS * (uint64_t)NS_PER_SECOND) pause_ns = SNAPSHOT_SECONDS * (uint64_t)NS_PER_SECOND;
  }
  return NULL;
}

/* Once in a process: a child has no threads. Signals are for the host's own. */
static void watch_process(void) {
  if (watched == process) return;
  watched = process;
  sigset_t every, before;
  sigfillset(&every);
  pthread_sigmask(SIG_SETMASK, &every, &before);
  pthread_t thread;
  if (pthread_create(&thread, NULL, watch, NULL) == 0) pthread_detach(thread);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* --- machines */

static void begin_profile(Recorded *r) {
  r->process = process;
  r->number = atomic_fetch_add(&machines, 1) + 1;
  profiler_start(r->vm, wishes.mode, SAMPLER_THREAD, wishes.interval_ns); /* without the memory for it there is none */
  sampler_expect_short_runs(profiler_sampler(r->vm));
  send_state(r, false);
  watch_process();
}

static void state_begins(VM *vm) {
  vm->compile = server_compile;
  if (wishes.mode == MODE_OFF) return;
  Recorded *r = memory_uncounted(1, sizeof *r);
  if (r == NULL) return;
  r->vm = vm;
  vm->user = r;
  begin_profile(r);
  pthread_mutex_lock(&mutex);
  r->next = all;
  all = r;
  pthread_mutex_unlock(&mutex);
  signals_catch(profiles_rescue);
}

static void run_begins(VM *vm) {
  Recorded *r = vm->user;
  if (r == NULL) return;
  if (UNLIKELY(r->process != process)) {
    profiler_stop(vm);
    begin_profile(r);
  }
  atomic_store_explicit(&r->has_run, true, memory_order_relaxed);
  profiler_enter(vm);
}

static void run_ends(VM *vm) { profiler_leave(vm); }

static void state_ends(VM *vm) {
  Recorded *r = vm->user;
  if (r == NULL) return;
  pthread_mutex_lock(&mutex);
  for (Recorded **at = &all; *at != NULL; at = &(*at)->next) {
    if (*at != r) continue;
    *at = r->next;
    break;
  }
  pthread_mutex_unlock(&mutex);
  vm_finish(vm);
  profiler_stop(vm);
  if (r->process == process) send_state(r, true);
  vm->user = NULL;
  memory_uncounted_free(r);
}

/* --- the process */

static void begin_child(void) {
  process = getpid();
  pthread_mutex_init(&mutex, NULL);
}

void profiles_open(Wishes wanted) {
  wishes = wanted;
  process = getpid();
  pthread_atfork(NULL, NULL, begin_child);
  host_state_begins = state_begins;
  host_state_ends = state_ends;
  host_run_begins = run_begins;
  host_run_ends = run_ends;
}

void profiles_close(void) {
  pthread_mutex_lock(&mutex);
  if (all != NULL) snapshot(true);
  pthread_mutex_unlock(&mutex);
}

/* The thread that has the mutex may be the one that the signal has found: then its machines are lost. */
void profiles_rescue(void) {
  if (pthread_mutex_trylock(&mutex) != 0) return;
  if (all != NULL) snapshot(false);
  pthread_mutex_unlock(&mutex);
}
