/* Signals at random points of a thread's processor time. */
#ifndef RECORDER_TICKER_H
#define RECORDER_TICKER_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

typedef struct Ticker {
  timer_t timer;
  bool has_timer;
  int event; /* the system's counter of the thread's time, which strikes at any moment; -1: there is none */
  int signal;
  uint64_t interval_ns, random;
  bool has_struck; /* since the timer's last signal */
} Ticker;

/* Begins to send this thread `signal`, once in `interval_ns` of its processor time on average. */
void ticker_start(Ticker *ticker, int signal, uint64_t interval_ns);

/* In the signal's handler, with what it was told: asks for the next one. False if this one is no point to sample at. */
bool ticker_struck(Ticker *ticker, int code);

void ticker_stop(Ticker *ticker);

/* In a child of fork, which has no timer, and its parent's event. */
void ticker_forget(Ticker *ticker);

#endif
