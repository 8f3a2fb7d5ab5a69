/* Writing the file of a recording: each record by one call of the system, with numbers for what was written before. */
#define _GNU_SOURCE
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "key_map.h"

#define DEFAULT_INTERVAL_NS 1000000
#define LONGEST_TEXT 1024 /* of a name or a source */

static int file = -1;
static char file_path[RECORDED_MAX_LINE];
static struct stat file_status; /* by which it is known */
static KeyMap functions, nodes;
enum { UNSEEN, NAMELESS, NAMED };
static uint8_t *named; /* by function: what was written of it */
static uint32_t named_capacity;

const RecordingPlan *recording_plan(void) {
  static RecordingPlan plan;
  static bool is_read;
  if (is_read) return &plan;
  const char *interval = getenv("PERILUNE_RECORDER_INTERVAL_NS"), *mode = getenv("PERILUNE_RECORDER_MODE");
  plan.folder = getenv("PERILUNE_RECORDER_FOLDER");
  if (plan.folder != NULL) plan.folder = strdup(plan.folder); /* programs change their environment */
  plan.interval_ns = interval == NULL ? 0 : strtoull(interval, NULL, 10);
  if (plan.interval_ns == 0) plan.interval_ns = DEFAULT_INTERVAL_NS;
  plan.counts_lines = mode != NULL && strcmp(mode, "hits") == 0;
  is_read = true;
  return &plan;
}

/* Programs close what they have not opened, when they become servers, and another file may then have the number. */
static void find_file_again(void) {
  struct stat now;
  if (file < 0 || (fstat(file, &now) == 0 && now.st_ino == file_status.st_ino && now.st_dev == file_status.st_dev)) return;
  file = open(file_path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file >= 0 && fstat(file, &file_status) != 0) file = -1;
}

static void put(const char *text, size_t length) {
  int kept = errno;
  find_file_again();
  while (file >= 0 && length > 0) {
    ssize_t written = write(file, text, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break; /* a full disk: what is there stays */
    text += written;
    length -= (size_t)written;
  }
  errno = kept;
}

__attribute__((format(printf, 1, 2))) static void put_line(const char *format, ...) {
  char line[RECORDED_MAX_LINE];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length > 0 && (size_t)length < sizeof line) put(line, (size_t)length);
}

/* A text with its tabs, line ends and backslashes escaped, cut where it is too long. */
static const char *escaped(char room[LONGEST_TEXT + 2], const char *text) {
  size_t at = 0;
  for (; *text != '\0' && at < LONGEST_TEXT; text++) {
    char letter = *text == '\n' ? 'n' : *text == '\r' ? 'r' : *text == '\t' ? 't' : *text == '\\' ? '\\' : '\0';
    if (letter != '\0') room[at++] = '\\';
    room[at++] = letter != '\0' ? letter : *text;
  }
  room[at] = '\0';
  return room;
}

static void program_path(char path[LONGEST_TEXT]) {
  ssize_t length = readlink("/proc/self/exe", path, LONGEST_TEXT - 1);
  path[length < 0 ? 0 : length] = '\0';
}

/* Opens a file of the folder to add to it, away from the numbers that programs close without having opened them. */
static void open_to_add(const char *name) {
  snprintf(file_path, sizeof file_path, "%s/%s", recording_plan()->folder, name);
  file = open(file_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  int moved = file < 0 ? -1 : fcntl(file, F_DUPFD_CLOEXEC, 64);
  if (moved >= 0) {
    close(file);
    file = moved;
  }
  if (file >= 0 && fstat(file, &file_status) != 0) file = -1;
}

void recording_no_lua(void) {
  if (recording_plan()->folder == NULL) return;
  char path[LONGEST_TEXT], room[LONGEST_TEXT + 2];
  program_path(path);
  open_to_add("programs");
  put_line("%s\n", escaped(room, path));
}

bool recording_open(void) {
  if (file >= 0) return true;
  const RecordingPlan *plan = recording_plan();
  if (plan->folder == NULL) return false;
  char name[64], program[LONGEST_TEXT], room[LONGEST_TEXT + 2];
  snprintf(name, sizeof name, "%ld.recording", (long)getpid());
  open_to_add(name);
  if (file < 0) return false;
  program_path(program);
  put_line("perilune-recording 1\nP\t%ld\tcpu\t%" PRIu64 "\t%lld\t%s\n", (long)getpid(), plan->interval_ns,
           (long long)time(NULL), escaped(room, program));
  return true;
}

void recording_forget(void) {
  if (file >= 0) close(file);
  file = -1;
  key_map_clear(&functions);
  key_map_clear(&nodes);
  named = recorder_resize(named, 0);
  named_capacity = 0;
}

void recording_state(uint32_t state, const char *interpreter, const char *method) {
  put_line("V\t%u\t%s\t%s\n", state, interpreter, method);
}

void recording_closed(uint32_t state) { put_line("X\t%u\n", state); }

static Key function_key(const uint64_t identity[3]) { return (Key){{identity[0], identity[1], identity[2]}}; }

bool recording_knows(const uint64_t identity[3], uint32_t *function) {
  uint32_t before = functions.count;
  *function = key_map_number(&functions, function_key(identity));
  return *function != 0 && functions.count == before && *function < named_capacity && named[*function] == NAMED;
}

uint32_t recording_function(const uint64_t identity[3], const RecordedFunction *function) {
  uint32_t number = key_map_number(&functions, function_key(identity));
  if (number == 0) return 0;
  if (number >= named_capacity) {
    uint32_t capacity = 2 * number + 64;
    uint8_t *grown = recorder_resize(named, capacity);
    if (grown == NULL) return 0;
    memset(grown + named_capacity, 0, capacity - named_capacity);
    named = grown;
    named_capacity = capacity;
  }
  if (named[number] == NAMED || (named[number] == NAMELESS && function->name[0] == '\0')) return number;
  char source[LONGEST_TEXT + 2], name[LONGEST_TEXT + 2];
  put_line("F\t%u\t%c\t%d\t%d\t%s\t%s\n", number, function->kind, function->first_line, function->last_line,
           escaped(source, function->source), escaped(name, function->name));
  named[number] = function->name[0] != '\0' ? NAMED : NAMELESS;
  return number;
}

uint32_t recording_node(uint32_t parent, uint32_t function, int line) {
  uint32_t before = nodes.count;
  uint32_t number = key_map_number(&nodes, (Key){{parent, function, (uint64_t)(int64_t)line}});
  if (nodes.count != before) put_line("N\t%u\t%u\t%u\t%d\n", number, parent, function, line);
  return number;
}

void recording_sample(uint32_t state, uint32_t node, uint32_t ticks, uint64_t ns, uint64_t cost_ns, char condition) {
  put_line("S\t%u\t%u\t%u\t%" PRIu64 "\t%" PRIu64 "\t%c\n", state, node, ticks, ns, cost_ns, condition);
}

void recording_hits(uint32_t node, uint64_t hits) { put_line("H\t%u\t%" PRIu64 "\n", node, hits); }

static char *put_number(char *end, uint64_t number) {
  do *--end = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  return end;
}

void recording_outside(uint32_t ticks, uint64_t ns) {
  char line[64], *at = line + sizeof line;
  *--at = '\n';
  at = put_number(at, ns);
  *--at = '\t';
  at = put_number(at, ticks);
  *--at = '\t';
  *--at = 'O';
  put(at, (size_t)(line + sizeof line - at));
}
