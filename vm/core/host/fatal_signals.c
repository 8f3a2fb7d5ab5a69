/* Signals that end the process. */
#define _GNU_SOURCE
#include "fatal_signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGALRM};
#define COUNT (sizeof numbers / sizeof *numbers)

static void (*rescue_all)(void);

/* A fault happens again when this returns; another signal is sent again, and comes then. */
static void on_signal(int number) {
  static atomic_flag is_ending = ATOMIC_FLAG_INIT;
  int kept = errno;
  signals_to_default();
  if (!atomic_flag_test_and_set(&is_ending)) rescue_all();
  raise(number);
  errno = kept;
}

void signals_catch(void (*rescue)(void)) {
  static atomic_flag is_done = ATOMIC_FLAG_INIT;
  if (atomic_flag_test_and_set(&is_done)) return;
  rescue_all = rescue;
  for (size_t i = 0; i < COUNT; i++) {
    struct sigaction action, present;
    if (sigaction(numbers[i], NULL, &present) < 0 || present.sa_handler != SIG_DFL) continue;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = SA_ONSTACK | SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(numbers[i], &action, NULL);
  }
}

void signals_to_default(void) {
  for (size_t i = 0; i < COUNT; i++) {
    struct sigaction present;
    if (sigaction(numbers[i], NULL, &present) == 0 && present.sa_handler == on_signal) signal(numbers[i], SIG_DFL);
  }
}
