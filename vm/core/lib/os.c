/* The operating system library. */
#if !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE 1
#endif
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api.h"
#include "system.h"

#if defined(_WIN32)
#include <windows.h>
#else
#include <sys/wait.h>
#include <unistd.h>
#endif

#define MAX_DATE_ITEM 250 /* room for one conversion of strftime */

int push_file_result(Thread *L, bool success, const char *path) {
  int error = errno;
  if (success) {
    push_bool(L, true);
    return 1;
  }
  const char *reason = error != 0 ? strerror(error) : "(no extra info)";
  push_nil(L);
  if (path)
    push_format(L, "%s: %s", path, reason);
  else
    push_text(L, reason);
  push_int(L, error);
  return 3;
}

int push_process_result(Thread *L, int status) {
  if (status != 0 && errno != 0) return push_file_result(L, false, NULL);
  const char *what = "exit";
#if !defined(_WIN32)
  if (WIFEXITED(status)) {
    status = WEXITSTATUS(status);
  } else if (WIFSIGNALED(status)) {
    status = WTERMSIG(status);
    what = "signal";
  }
#endif
  if (*what == 'e' && status == 0)
    push_bool(L, true);
  else
    push_nil(L);
  push_text(L, what);
  push_int(L, status);
  return 3;
}

static int os_execute(Thread *L, Value *args, int count) {
  const Str *command = arg_str_or_null(L, args, count, 1);
  errno = 0;
  int status = system(command ? command->text : NULL);
  if (command) return push_process_result(L, status);
  push_bool(L, status != 0);
  return 1;
}

static int os_remove(Thread *L, Value *args, int count) {
  const char *path = arg_str(L, args, count, 1)->text;
  errno = 0;
  return push_file_result(L, remove(path) == 0, path);
}

static int os_rename(Thread *L, Value *args, int count) {
  const char *from = arg_str(L, args, count, 1)->text;
  const char *to = arg_str(L, args, count, 2)->text;
  errno = 0;
  return push_file_result(L, rename(from, to) == 0, NULL);
}

static int os_tmpname(Thread *L, Value *args, int count) {
  (void)args;
  (void)count;
#if defined(_WIN32)
  char folder[MAX_PATH], name[MAX_PATH];
  if (GetTempPathA(sizeof folder, folder) == 0 || GetTempFileNameA(folder, "lua", 0, name) == 0)
    error_library(L, "unable to generate a unique filename");
#else
  char name[] = P_tmpdir "/lua_XXXXXX";
  int descriptor = mkstemp(name);
  if (descriptor == -1) error_library(L, "unable to generate a unique filename");
  close(descriptor);
#endif
  push_text(L, name);
  return 1;
}

static void push_text_or_nil(Thread *L, const char *text) {
  if (text)
    push_text(L, text);
  else
    push_nil(L);
}

static int os_getenv(Thread *L, Value *args, int count) {
  push_text_or_nil(L, getenv(arg_str(L, args, count, 1)->text));
  return 1;
}

static int os_clock(Thread *L, Value *args, int count) {
  (void)args;
  (void)count;
  push_float(L, (double)clock() / (double)CLOCKS_PER_SEC);
  return 1;
}

static void set_int_field(Thread *L, Table *t, const char *key, int64_t n) {
  Value v;
  set_int(&v, n);
  table_set_str(L, t, str_from(L, key), &v);
}

static void set_date_fields(Thread *L, Table *t, const struct tm *date) {
  set_int_field(L, t, "year", (int64_t)date->tm_year + 1900);
  set_int_field(L, t, "month", (int64_t)date->tm_mon + 1);
  set_int_field(L, t, "day", date->tm_mday);
  set_int_field(L, t, "hour", date->tm_hour);
  set_int_field(L, t, "min", date->tm_min);
  set_int_field(L, t, "sec", date->tm_sec);
  set_int_field(L, t, "yday", (int64_t)date->tm_yday + 1);
  set_int_field(L, t, "wday", (int64_t)date->tm_wday + 1);
  if (date->tm_isdst >= 0) {
    Value v;
    set_bool(&v, date->tm_isdst != 0);
    table_set_str(L, t, str_from(L, "isdst"), &v);
  }
}

/* Reads a field of the table in the first argument. */
static void get_field(Thread *L, const char *key, Value *result) {
  push_text(L, key);
  index_get(L, thread_args(L), L->top - 1, result);
  L->top--;
}

/* A field as an int less `offset`; `otherwise` is used if it is nil, negative if it must be there. */
static int date_field(Thread *L, const char *key, int otherwise, int offset) {
  Value v;
  int64_t n;
  get_field(L, key, &v);
  if (!value_to_int(&v, &n)) {
    if (!is_nil(&v)) error_library(L, "field '%s' is not an integer", key);
    if (otherwise < 0) error_library(L, "field '%s' missing in date table", key);
    return otherwise;
  }
  if (n >= 0 ? n - offset > INT_MAX : n < (int64_t)INT_MIN + offset)
    error_library(L, "field '%s' is out-of-bound", key);
  return (int)(n - offset);
}

static time_t arg_time(Thread *L, const Value *args, int count, int n) {
  int64_t t = arg_int(L, args, count, n);
  if ((int64_t)(time_t)t != t) error_argument(L, n, "time out-of-bounds");
  return (time_t)t;
}

/* Copies the conversion that begins at `text`, behind '%', to `specifier`; returns what follows it. */
static const char *take_conversion(Thread *L, const char *text, size_t length, char *specifier) {
  static const char single[] = "aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%";
  static const char after_e[] = "cCxXyY";
  static const char after_o[] = "deHImMSuUVwWy";
  size_t size = 0;
  if (length >= 1 && strchr(single, text[0]) && text[0] != '\0')
    size = 1;
  else if (length >= 2 && text[1] != '\0' && (text[0] == 'E' ? strchr(after_e, text[1]) != NULL
                                                              : text[0] == 'O' && strchr(after_o, text[1]) != NULL))
    size = 2;
  if (size == 0)
    error_argument(L, 1, push_format(L, "invalid conversion specifier '%%%s'", text)->text);
  memcpy(specifier, text, size);
  specifier[size] = '\0';
  return text + size;
}

static bool break_down(time_t t, bool universal, struct tm *date) {
#if defined(_WIN32)
  return (universal ? gmtime_s(date, &t) : localtime_s(date, &t)) == 0;
#else
  return (universal ? gmtime_r(&t, date) : localtime_r(&t, date)) != NULL;
#endif
}

static int os_date(Thread *L, Value *args, int count) {
  const Str *format = arg_str_or_null(L, args, count, 1);
  const char *text = format ? format->text : "%c";
  const char *end = text + (format ? str_length(format) : 2);
  time_t t = absent_or_nil(args, count, 2) ? time(NULL) : arg_time(L, args, count, 2);
  struct tm date;
  bool universal = *text == '!';
  if (universal) text++;
  if (!break_down(t, universal, &date))
    error_library(L, "date result cannot be represented in this installation");
  if (strcmp(text, "*t") == 0) {
    Table *fields = table_new(L, 0, 9);
    push_table(L, fields);
    set_date_fields(L, fields, &date);
    return 1;
  }
  Buffer b;
  buffer_init(L, &b);
  while (text < end) {
    if (*text != '%') {
      buffer_add_char(&b, *text++);
      continue;
    }
    char conversion[4] = "%";
    text = take_conversion(L, text + 1, (size_t)(end - text - 1), conversion + 1);
    char *out = buffer_reserve(&b, MAX_DATE_ITEM);
    b.length += strftime(out, MAX_DATE_ITEM, conversion, &date);
  }
  buffer_push(&b);
  return 1;
}

static int os_time(Thread *L, Value *args, int count) {
  time_t t;
  if (absent_or_nil(args, count, 1)) {
    t = time(NULL);
  } else {
    Table *fields = arg_table(L, args, count, 1);
    Value saving;
    struct tm date;
    memset(&date, 0, sizeof date);
    L->top = args + 1;
    date.tm_year = date_field(L, "year", -1, 1900);
    date.tm_mon = date_field(L, "month", -1, 1);
    date.tm_mday = date_field(L, "day", -1, 0);
    date.tm_hour = date_field(L, "hour", 12, 0);
    date.tm_min = date_field(L, "min", 0, 0);
    date.tm_sec = date_field(L, "sec", 0, 0);
    get_field(L, "isdst", &saving);
    date.tm_isdst = is_nil(&saving) ? -1 : !is_falsy(&saving);
    t = mktime(&date);
    set_date_fields(L, fields, &date);
  }
  if (t == (time_t)-1) error_library(L, "time result cannot be represented in this installation");
  push_int(L, (int64_t)t);
  return 1;
}

static int os_difftime(Thread *L, Value *args, int count) {
  time_t a = arg_time(L, args, count, 1);
  push_float(L, difftime(a, arg_time(L, args, count, 2)));
  return 1;
}

static int os_setlocale(Thread *L, Value *args, int count) {
  static const int categories[] = {LC_ALL, LC_COLLATE, LC_CTYPE, LC_MONETARY, LC_NUMERIC, LC_TIME};
  static const char *const names[] = {"all", "collate", "ctype", "monetary", "numeric", "time", NULL};
  const Str *locale = arg_str_or_null(L, args, count, 1);
  int option = arg_option(L, args, count, 2, "all", names);
  push_text_or_nil(L, setlocale(categories[option], locale ? locale->text : NULL));
  return 1;
}

/* Ends the program, not the process: that is the embedder's. */
static int os_exit(Thread *L, Value *args, int count) {
  int status = EXIT_SUCCESS;
  if (count > 0 && is_bool(&args[0]))
    status = is_falsy(&args[0]) ? EXIT_FAILURE : EXIT_SUCCESS;
  else
    status = (int)arg_int_or(L, args, count, 1, EXIT_SUCCESS);
  L->vm->skips_finalizers = count < 2 || is_falsy(&args[1]);
  fflush(NULL);
  error_exit(L, status);
}

static const LibraryEntry entries[] = {
  {"clock", os_clock, SPECIAL_NONE},
  {"date", os_date, SPECIAL_NONE},
  {"difftime", os_difftime, SPECIAL_NONE},
  {"execute", os_execute, SPECIAL_NONE},
  {"exit", os_exit, SPECIAL_NONE},
  {"getenv", os_getenv, SPECIAL_NONE},
  {"remove", os_remove, SPECIAL_NONE},
  {"rename", os_rename, SPECIAL_NONE},
  {"setlocale", os_setlocale, SPECIAL_NONE},
  {"time", os_time, SPECIAL_NONE},
  {"tmpname", os_tmpname, SPECIAL_NONE},
  {NULL, NULL, SPECIAL_NONE},
};

void open_os(Thread *L) {
  library_new(L, "os", entries);
  L->top--;
}
