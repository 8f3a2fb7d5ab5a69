/* Processor time, and whether a thread waits: what the system and the registers say of it.

   A thread that waits stands in a system call. A signal ends that call: the kernel has it begin again, for which the
   thread stands at the system call's instruction, or it fails with EINTR behind it. A call that computes, such as the
   copying of a file's contents, is not cut short; the handler comes when it has ended. So do waits that no signal ends, for
   a disk or for a process that is being started: they show as calls that took longer than what they did can take, while
   the thread gave the processor away by itself. A thread that was only denied the processor does not wait here. */
#if defined(__linux__)
#define _GNU_SOURCE
#elif !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#endif
#include "cpu.h"

#include <string.h>
#include <time.h>

#if defined(__linux__)
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#endif

uint64_t cpu_time_ns(void) {
#if defined(CLOCK_THREAD_CPUTIME_ID) && !defined(_WIN32) /* there it counts whole ticks of 16 ms */
  struct timespec t;
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0) return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
#endif
  return CPU_UNKNOWN;
}

/* --- by a signal's handler */

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))

#define BYTE_NS 1           /* in which a system call moves a byte, at the most */
#define FIRST_LATE_NS 40000 /* the usual delay of a signal before one has been seen */
#define LATE_WEIGHT 8
#define PAGE_MASK ((uintptr_t)4095)

/* Where the thread stands: the bytes of a system call's instruction, whether they are there and before there, and what
   the call before there returned. */
typedef struct Place {
  bool at_call;
  bool behind_call;
  long result;
} Place;

static Place interrupted_place(const ucontext_t *context) {
  Place place = {false, false, 0};
#if defined(__x86_64__)
  const uint8_t *pc = (const uint8_t *)(uintptr_t)context->uc_mcontext.gregs[REG_RIP];
  place.at_call = pc[0] == 0x0F && pc[1] == 0x05; /* the first byte says that there is a second */
  place.behind_call = ((uintptr_t)pc & PAGE_MASK) >= 2 && pc[-2] == 0x0F && pc[-1] == 0x05;
  place.result = (long)context->uc_mcontext.gregs[REG_RAX];
#else
  const uint32_t *pc = (const uint32_t *)(uintptr_t)context->uc_mcontext.pc;
  place.at_call = pc[0] == 0xD4000001;
  place.behind_call = ((uintptr_t)pc & PAGE_MASK) >= 4 && pc[-1] == 0xD4000001;
  place.result = (long)context->uc_mcontext.regs[0];
#endif
  return place;
}

bool cpu_handler_sees_waits(void) { return true; }

/* Signals that come late because others had the processor change the usual delay little. */
static void note_delay(CpuWatch *watch, uint64_t late_ns) {
  uint64_t usual = watch->usual_late_ns;
  if (late_ns > 2 * usual) late_ns = 2 * usual;
  watch->usual_late_ns = usual - usual / LATE_WEIGHT + late_ns / LATE_WEIGHT;
}

bool cpu_interrupted_wait(CpuWatch *watch, const void *context, uint64_t late_ns) {
  if (watch->usual_late_ns == 0) watch->usual_late_ns = FIRST_LATE_NS;
  struct rusage usage;
  bool gave_away = getrusage(RUSAGE_THREAD, &usage) == 0 && usage.ru_nvcsw != watch->waits;
  if (gave_away) watch->waits = usage.ru_nvcsw;
  Place place = interrupted_place(context);
  if (place.at_call || (place.behind_call && place.result == -EINTR)) return true;
  if (!place.behind_call) {
    note_delay(watch, late_ns);
    return false;
  }
  uint64_t moved = place.result > 0 ? (uint64_t)place.result : 0;
  return gave_away && late_ns > watch->usual_late_ns * 3 / 2 + BYTE_NS * moved;
}

#else
bool cpu_handler_sees_waits(void) { return false; }
bool cpu_interrupted_wait(CpuWatch *watch, const void *context, uint64_t late_ns) {
  (void)watch;
  (void)context;
  (void)late_ns;
  return false;
}
#endif

/* --- by another thread */

#if defined(__linux__)

#define STATE_PATH_SIZE 64
#define STATE_SIZE 128 /* the state stands behind the thread's name, which is short */

void cpu_watch_begin(CpuWatch *watch) {
  char path[STATE_PATH_SIZE];
  snprintf(path, sizeof path, "/proc/self/task/%ld/stat", (long)syscall(SYS_gettid));
  watch->state_file = open(path, O_RDONLY | O_CLOEXEC);
  if (watch->state_file < 0) watch->state_file = -1;
}

void cpu_watch_end(CpuWatch *watch) {
  if (watch->state_file >= 0) close(watch->state_file);
  watch->state_file = -1;
}

/* A thread that is ready to run counts as running: it is this one that may have its processor. */
bool cpu_thread_waits(const CpuWatch *watch) {
  char text[STATE_SIZE + 1];
  ssize_t length = pread(watch->state_file, text, STATE_SIZE, 0);
  if (length <= 0) return false;
  text[length] = '\0';
  const char *name_end = strrchr(text, ')');
  return name_end != NULL && name_end[1] == ' ' && name_end[2] != 'R';
}

#else
void cpu_watch_begin(CpuWatch *watch) { watch->state_file = -1; }
void cpu_watch_end(CpuWatch *watch) { (void)watch; }
bool cpu_thread_waits(const CpuWatch *watch) {
  (void)watch;
  return false;
}
#endif
