/* A timer of a thread's processor time strikes where the system's own clock does, 100 to 1,000 times a second, so that a
   program in step with that clock is seen at the same places again and again. The counter of a thread's time that the
   system keeps for perf strikes at any moment: where it may be used, each strike chooses when the next one comes, and the
   timer only watches, seldom, whether the host has closed the counter with the files that it does not know. */
#define _GNU_SOURCE
#include "ticker.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NS_PER_S 1000000000u
#define WATCH_NS 100000000u
#define LEAST_FILE 200 /* out of the way of hosts that count on low numbers */

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static pid_t thread_id(void) { return (pid_t)syscall(SYS_gettid); }

static void start_timer(Ticker *ticker, uint64_t ns) {
  struct timespec every = {(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
  if (ticker->has_timer) timer_settime(ticker->timer, 0, &(struct itimerspec){every, every}, NULL);
}

static void make_timer(Ticker *ticker) {
  struct sigevent event;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = ticker->signal;
  event.sigev_notify_thread_id = thread_id();
  ticker->has_timer = timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &ticker->timer) == 0;
}

static int open_event(uint64_t period, bool sees_system) {
  struct perf_event_attr asked;
  memset(&asked, 0, sizeof asked);
  asked.size = sizeof asked;
  asked.type = PERF_TYPE_SOFTWARE;
  asked.config = PERF_COUNT_SW_TASK_CLOCK;
  asked.sample_period = period;
  asked.disabled = 1;
  asked.exclude_kernel = !sees_system;
  asked.exclude_hv = 1;
  return (int)syscall(SYS_perf_event_open, &asked, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* Strikes once and then waits to be asked again, so that signals never pile up while the host blocks them. */
static void make_event(Ticker *ticker) {
  int low = open_event(ticker->interval_ns, true);
  if (low < 0) low = open_event(ticker->interval_ns, false);
  if (low < 0) return;
  int event = fcntl(low, F_DUPFD_CLOEXEC, LEAST_FILE);
  if (event < 0)
    event = low;
  else
    close(low);
  struct f_owner_ex owner = {F_OWNER_TID, thread_id()};
  if (fcntl(event, F_SETOWN_EX, &owner) != 0 || fcntl(event, F_SETSIG, ticker->signal) != 0 ||
      fcntl(event, F_SETFL, O_ASYNC | O_NONBLOCK) != 0 || ioctl(event, PERF_EVENT_IOC_REFRESH, 1) != 0)
    close(event);
  else
    ticker->event = event;
}

/* From a half to one and a half of the interval, by xorshift. */
static uint64_t next_period(Ticker *ticker) {
  uint64_t x = ticker->random;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  ticker->random = x;
  return ticker->interval_ns / 2 + x % ticker->interval_ns;
}

static bool ask_again(Ticker *ticker) {
  uint64_t period = next_period(ticker);
  return ioctl(ticker->event, PERF_EVENT_IOC_PERIOD, &period) == 0 && ioctl(ticker->event, PERF_EVENT_IOC_REFRESH, 1) == 0;
}

void ticker_start(Ticker *ticker, int signal, uint64_t interval_ns) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  ticker->signal = signal;
  ticker->interval_ns = interval_ns;
  ticker->random = ((uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec) | 1;
  ticker->event = -1;
  ticker->has_struck = false;
  make_timer(ticker);
  make_event(ticker);
  start_timer(ticker, ticker->event < 0 || interval_ns > WATCH_NS ? interval_ns : WATCH_NS);
}

bool ticker_struck(Ticker *ticker, int code) {
  if (ticker->event < 0) return true;
  if (code != SI_TIMER) {
    ticker->has_struck = true;
    ask_again(ticker);
    return true;
  }
  if (!ticker->has_struck && !ask_again(ticker)) {
    ticker->event = -1;
    start_timer(ticker, ticker->interval_ns);
  }
  ticker->has_struck = false;
  return false;
}

void ticker_stop(Ticker *ticker) {
  if (ticker->has_timer) timer_delete(ticker->timer);
  ticker->has_timer = false;
  if (ticker->event >= 0) close(ticker->event);
  ticker->event = -1;
}

void ticker_forget(Ticker *ticker) {
  ticker->has_timer = false;
  if (ticker->event >= 0) close(ticker->event);
  ticker->event = -1;
}
