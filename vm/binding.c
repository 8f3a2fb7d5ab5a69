/* The Python side of the machine: perilune.vm._core. The only file that includes Python.h.

   A State owns a VM. The GIL is released while Lua runs and taken again where Lua needs the compiler; no Lua error ever
   crosses a Python frame. */
#ifndef _WIN32
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <unistd.h>
#endif

#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/api.h"
#include "lib/sandbox.h"
#include "machine/hooks.h"
#include "profiler/raw.h"

#define SIGNAL_STATUS 128 /* the exit status of a process that a signal ended is this and its number, as shells have it */
#define STOP_SIGNALS 3    /* Ctrl-C is the first */

enum RunKind { RUN_OK, RUN_ERROR, RUN_EXIT, RUN_INTERRUPTED, RUN_LIMIT };

typedef struct State {
  PyObject_HEAD
  VM *vm;
  PyObject *compile;
  bool running;
  bool stopped_compiling; /* it was told to stop; likewise */
  volatile unsigned long compiling; /* the thread in which the compiler runs; 0: it does not. Changed with the GIL held */
  bool finished; /* the finalizers have run */
  char *locale; /* as the last run left it; NULL: "C" */
  volatile sig_atomic_t interrupted; /* the signal that did it, or would have; 0 if none */
#ifndef _WIN32
  pthread_t runner; /* while running: the thread that runs */
#endif
} State;

/* Compiling for Lua's load */

static char *copy_text(const char *text, size_t length) {
  char *copy = malloc(length + 1);
  if (copy == NULL) return NULL;
  memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}

static char *copy_bytes(PyObject *bytes, size_t *length) {
  char *text;
  Py_ssize_t size;
  if (PyBytes_AsStringAndSize(bytes, &text, &size) < 0) return NULL;
  *length = (size_t)size;
  return copy_text(text, (size_t)size);
}

/* The text of the exception that is set, which is cleared; NULL if there is none to be had. The compiler's messages quote
   a program's bytes as Latin-1 characters. */
static char *exception_text(void) {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  PyObject *text = value != NULL ? PyObject_Str(value) : NULL;
  PyObject *bytes = text != NULL ? PyUnicode_AsEncodedString(text, "latin-1", "backslashreplace") : NULL;
  size_t length;
  char *copy = bytes != NULL ? copy_bytes(bytes, &length) : NULL;
  Py_XDECREF(bytes);
  Py_XDECREF(text);
  Py_XDECREF(traceback);
  Py_XDECREF(value);
  Py_XDECREF(type);
  PyErr_Clear();
  return copy;
}

/* How many bytes may still be allocated, as Python has it: None for any number. */
static PyObject *memory_left(const State *self) {
  const Allocator *allocator = self->vm->allocator;
  if (allocator->limit == SIZE_MAX) Py_RETURN_NONE;
  size_t left = allocator->limit > allocator->current ? allocator->limit - allocator->current : 0;
  return PyLong_FromSize_t(left);
}

/* From here on stop_compiling ends what the thread does in Python: with KeyboardInterrupt, whatever it is at. */
static void begin_compiling(State *self) {
  self->stopped_compiling = false;
  self->compiling = PyThread_get_thread_ident();
}

/* Lets an exception arrive that stop_compiling may have left for the thread, instead of taking it back: the interpreter
   would look for it at every step from then on, and never get on under a trace function (CPython 3.11 and 3.12). */
static void absorb_stop(unsigned long thread) {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyObject *code = Py_CompileString("while True: pass", "<stop>", Py_file_input);
  PyObject *globals = PyDict_New();
  bool can_arrive = code != NULL && globals != NULL;
  if (PyThreadState_SetAsyncExc(thread, can_arrive ? PyExc_KeyboardInterrupt : NULL) == 1 && can_arrive)
    Py_XDECREF(PyEval_EvalCode(code, globals, globals));
  Py_XDECREF(code);
  Py_XDECREF(globals);
  PyErr_Clear();
  PyErr_Restore(type, value, traceback);
}

static void end_compiling(State *self) {
  unsigned long thread = self->compiling;
  self->compiling = 0;
  if (self->stopped_compiling) absorb_stop(thread);
  if (!self->interrupted || PyErr_Occurred()) return;
  if (PyErr_CheckSignals() < 0) PyErr_Clear(); /* Ctrl-C came at the very end */
}

/* With the GIL held. */
static void stop_compiling(State *self) {
  if (!self->compiling) return;
  self->stopped_compiling = true;
  PyThreadState_SetAsyncExc(self->compiling, PyExc_KeyboardInterrupt);
}

static void compile_text(void *context, Compilation *compilation) {
  State *self = context;
  PyGILState_STATE gil = PyGILState_Ensure();
  unsigned number;
  PyObject *chunk = NULL;
  begin_compiling(self);
  PyObject *result = PyObject_CallFunction(self->compile, "y#nyN", compilation->text, (Py_ssize_t)compilation->length,
                                           (Py_ssize_t)compilation->begin, compilation->chunkname, memory_left(self));
  end_compiling(self);
  compilation->out_of_memory = result == NULL && PyErr_ExceptionMatches(PyExc_MemoryError);
  if (result != NULL && PyArg_ParseTuple(result, "SI;the compile callback must return bytes", &chunk, &number)) {
    compilation->chunk = (uint8_t *)copy_bytes(chunk, &compilation->chunk_length);
    compilation->text_number = number;
  }
  if (compilation->chunk == NULL) compilation->message = exception_text();
  Py_XDECREF(result);
  PyGILState_Release(gil);
}

/* Running */

typedef struct Bytes {
  const char *text;
  size_t length;
} Bytes;

typedef struct Run {
  Bytes chunk;
  const char *chunkname;
  unsigned text_number; /* of the text that the chunk was compiled from; 0: it is a text, or comes without one */
  Bytes *args; /* NULL: those in the global `arg` */
  int arg_count;
  int script; /* for the global `arg`: which word of the command line is the script */
  bool only_load;
  Bytes module_global; /* where the result goes of `require`, which is called instead of a chunk; no text: a chunk */
  bool prints;         /* its results, as the interactive mode does */
  char *message;       /* malloc'ed */
  size_t message_length;
} Run;

/* The message for an error value, as the stand-alone interpreter words it, with a traceback. */
static int error_with_traceback(Thread *L, Value *args, int count) {
  (void)count;
  if (!is_string(&args[0]) && !is_number(&args[0])) {
    const Value *tostring = metamethod_of(L->vm, &args[0], METAMETHOD_TOSTRING);
    if (!is_nil(tostring)) {
      push_value(L, tostring);
      push_value(L, &args[0]);
      call_value(L, 1, 1);
      if (is_string(L->top - 1)) return 1;
      L->top--;
    }
    push_format(L, "(error object is a %s value)", type_name(&args[0]));
  } else {
    value_tostring(L, &args[0]);
  }
  const Str *message = L->top[-1].str;
  push_traceback(L, L, message->text, str_length(message), 1);
  return 1;
}

/* The global `arg`: all words of the command line, the script's name at 0. */
static void set_arg_table(Thread *L, void *context) {
  const Run *run = context;
  Table *t = table_new(L, (uint32_t)run->arg_count, (uint32_t)run->script + 1);
  push_table(L, t);
  for (int i = 0; i < run->arg_count; i++) {
    push_bytes(L, run->args[i].text, run->args[i].length);
    table_set_int(L, t, i - run->script, L->top - 1);
    L->top--;
  }
  table_set_str(L, L->vm->globals, str_from(L, "arg"), L->top - 1);
  L->top--;
}

/* Pushes what stands in the global `arg` behind the script, which the program may have changed. */
static void push_from_arg_table(Thread *L, Run *run) {
  const Value *arg = table_get_str(L->vm->globals, str_from(L, "arg"));
  if (!is_table(arg)) error_plain(L, "'arg' is not a table");
  Table *t = arg->table;
  run->arg_count = (int)table_length(t);
  stack_reserve(L, (size_t)run->arg_count);
  for (int i = 1; i <= run->arg_count; i++) push_value(L, table_get_int(t, i));
}

static void push_arguments(Thread *L, void *context) {
  Run *run = context;
  if (run->args == NULL) {
    push_from_arg_table(L, run);
    return;
  }
  stack_reserve(L, (size_t)run->arg_count);
  for (int i = 0; i < run->arg_count; i++) push_bytes(L, run->args[i].text, run->args[i].length);
}

static const Value *global(const VM *vm, Str *name) { return table_get_str(vm->globals, name); }

static void push_require(Thread *L, void *context) {
  (void)context;
  push_value(L, global(L->vm, str_from(L, "require")));
}

static void set_module(Thread *L, void *context) {
  const Run *run = context;
  push_bytes(L, run->module_global.text, run->module_global.length);
  table_set_str(L, L->vm->globals, L->top[-1].str, L->top - 2);
}

static int print_failed(Thread *L, Value *args, int count) {
  (void)count;
  push_format(L, "error calling 'print' (%s)", is_string(&args[0]) ? args[0].str->text : "(null)");
  return 1;
}

/* Puts the global `print` below the values from a place in the stack on. */
static void insert_print(Thread *L, void *context) {
  const ptrdiff_t *place = context;
  stack_reserve(L, 1);
  push_value(L, global(L->vm, str_from(L, "print")));
  Value print = L->top[-1];
  for (Value *v = L->top - 1; v > L->stack + *place; v--) value_copy(v, v - 1);
  value_copy(L->stack + *place, &print);
}

static int print_results(Thread *L, ptrdiff_t place) {
  int count = (int)(L->top - L->stack - place);
  if (count == 0) return STATUS_OK;
  int status = call_protected_body(L, insert_print, &place);
  return status == STATUS_OK ? call_traced(L, count, 0, print_failed) : status;
}

static int load_what_runs(Thread *L, const Run *run) {
  if (run->module_global.text != NULL) return call_protected_body(L, push_require, NULL);
  if (run->text_number == 0) return load_chunk(L, run->chunk.text, run->chunk.length, run->chunkname, "bt");
  return load_known_chunk(L, run->chunk.text, run->chunk.length, run->chunkname, run->text_number);
}

static int call_what_runs(Thread *L, Run *run, ptrdiff_t place) {
  int results = run->module_global.text != NULL ? 1 : run->prints ? MULTIPLE_RESULTS : 0;
  int status = call_traced(L, run->arg_count, results, error_with_traceback);
  if (status == STATUS_OK && run->module_global.text != NULL) status = call_protected_body(L, set_module, run);
  if (status == STATUS_OK && run->prints) status = print_results(L, place);
  return status;
}

static void keep_message(const Value *v, Run *run) {
  if (!is_string(v)) return;
  run->message_length = str_length(v->str);
  run->message = copy_text(v->str->text, run->message_length);
}

static void collect(Thread *L, void *context) {
  (void)context;
  memory_reclaim(L);
}

static int run_lua(VM *vm, Run *run) {
  Thread *L = vm->main;
  ptrdiff_t place = L->top - L->stack;
  atomic_store(&vm->interrupt, 0);
  vm->ended = 0;
  vm->skips_finalizers = false;
  if (vm->instruction_limit > 0 && !vm->instructions_limited) { /* a run before this one used them up */
    vm->instructions_limited = true;
    vm->instructions_left = 0;
  }
  int status = load_what_runs(L, run);
  if (status == STATUS_OK && !run->only_load) {
    status = call_protected_body(L, push_arguments, run);
    if (status == STATUS_OK) {
      profiler_enter(vm);
      status = call_what_runs(L, run, place);
      profiler_leave(vm);
    }
  }
  if (status_is_final(status)) hook_set(L, 0, 0); /* nothing returns any more */
  fflush(stdout);
  bool is_memory = status == STATUS_MEMORY || vm->ended == INTERRUPT_MEMORY;
  if (status == STATUS_MEMORY && vm->allocator->limit != SIZE_MAX) { /* raised where no message could be made */
    status = STATUS_LIMIT;
    run->message = malloc(LIMIT_TEXT);
    if (run->message != NULL) limit_text(vm, INTERRUPT_MEMORY, run->message);
    run->message_length = run->message != NULL ? strlen(run->message) : 0;
  } else if (status != STATUS_OK && status != STATUS_EXIT) {
    keep_message(L->top - 1, run);
  }
  L->top = L->stack + place;
  if (is_memory) { /* what filled the memory is garbage now: leave room for the next run */
    call_protected_body(L, collect, NULL);
    L->top = L->stack + place;
  }
  return status;
}

/* Ctrl-C and, if wanted, SIGTERM and SIGHUP: the first asks the program to stop. A second Ctrl-C is the system's default,
   and so is another one of the same kind a second later: timeout(1) sends two at once. */
static State *volatile interruptible;

#ifndef _WIN32
#define TERMINATION_PAUSE 1 /* seconds */
static const int stop_signals[STOP_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

typedef struct StopSignals {
  int caught; /* how many of stop_signals */
  struct sigaction old[STOP_SIGNALS];
} StopSignals;

static volatile time_t terminated_at;

static void set_handler(int number, void (*handler)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, NULL);
}

static void on_stop_signal(int number) {
  State *self = interruptible;
  if (self == NULL) return;
  if (number == SIGINT) {
    set_handler(number, SIG_DFL);
  } else if (self->interrupted != number) {
    terminated_at = time(NULL);
  } else if (time(NULL) - terminated_at > TERMINATION_PAUSE) {
    set_handler(number, SIG_DFL);
    raise(number);
  }
  self->interrupted = number;
  vm_interrupt(self->vm, INTERRUPT_STOP);
  if (self->compiling) PyErr_SetInterrupt();
}

/* Catches the first `count` of stop_signals: Ctrl-C even where it was ignored, as in a shell's background, because lua does. */
static void catch_signals(State *self, int count, StopSignals *signals) {
  signals->caught = interruptible == NULL ? count : 0;
  if (signals->caught > 0) interruptible = self;
  for (int i = 0; i < signals->caught; i++) {
    sigaction(stop_signals[i], NULL, &signals->old[i]);
    if (stop_signals[i] == SIGINT || signals->old[i].sa_handler != SIG_IGN) set_handler(stop_signals[i], on_stop_signal);
  }
}

static void release_signals(const State *self, const StopSignals *signals) {
  for (int i = 0; i < signals->caught; i++) sigaction(stop_signals[i], &signals->old[i], NULL);
  if (signals->caught == 0) return;
  if (self->interrupted != 0 && self->interrupted != SIGINT)
    set_handler(self->interrupted, SIG_IGN); /* the process ends anyway, but not before its report */
  interruptible = NULL;
}
#else
/* There is only Ctrl-C, on a thread of its own; the system's default is back when the handler runs. */
typedef struct StopSignals {
  bool caught;
  void (*old)(int);
} StopSignals;

static void on_stop_signal(int number) {
  State *self = interruptible;
  if (self == NULL) return;
  self->interrupted = number;
  vm_interrupt(self->vm, INTERRUPT_STOP);
}

static void catch_signals(State *self, int count, StopSignals *signals) {
  signals->caught = interruptible == NULL && count > 0;
  if (!signals->caught) return;
  interruptible = self;
  signals->old = signal(SIGINT, on_stop_signal);
}

static void release_signals(const State *self, const StopSignals *signals) {
  (void)self;
  if (!signals->caught) return;
  signal(SIGINT, signals->old);
  interruptible = NULL;
}
#endif

#ifndef _WIN32
/* Has only to be there: a system call that waits for input or output returns from it. */
static void on_time_over(int signal_number) { (void)signal_number; }

static void wake_runner(const State *self) {
  struct sigaction action, old;
  memset(&action, 0, sizeof(action));
  action.sa_handler = on_time_over;
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGURG, NULL, &old) < 0) return;
  if (old.sa_handler == SIG_DFL || old.sa_handler == SIG_IGN) sigaction(SIGURG, &action, NULL);
  pthread_kill(self->runner, SIGURG);
}
#endif

static void begin_running(State *self) {
  self->running = true;
#ifndef _WIN32
  self->runner = pthread_self();
#endif
}

/* False with an exception if the machine cannot be used now. */
static bool is_usable(State *self) {
  if (self->vm == NULL) PyErr_SetString(PyExc_RuntimeError, "the state is closed");
  else if (self->running) PyErr_SetString(PyExc_RuntimeError, "the state is running");
  else return true;
  return false;
}

/* The Run of a call's arguments; false with an exception. The arguments must outlive it; run_clear frees it. */
static bool run_prepare(Run *run, PyObject *args) {
  Py_ssize_t count = PyTuple_Size(args);
  if (count < 0) return false;
  if (count > MAX_STACK_SLOTS / 2) {
    PyErr_SetString(PyExc_ValueError, "too many arguments");
    return false;
  }
  run->args = calloc((size_t)count + 1, sizeof(Bytes));
  if (run->args == NULL) {
    PyErr_NoMemory();
    return false;
  }
  for (Py_ssize_t i = 0; i < count; i++) {
    char *text;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(PyTuple_GetItem(args, i), &text, &length) < 0) return false;
    run->args[i] = (Bytes){text, (size_t)length};
  }
  run->arg_count = (int)count;
  return true;
}

static char *copy_locale(void) {
  const char *locale = setlocale(LC_ALL, NULL);
  return copy_text(locale, strlen(locale));
}

/* A program begins in the locale "C", whatever Python has set, and keeps what it sets itself from run to run. Returns the
   process's locale. */
static char *enter_locale(const State *self) {
  char *of_process = copy_locale();
  setlocale(LC_ALL, self->locale ? self->locale : "C");
  return of_process;
}

static void leave_locale(State *self, char *of_process) {
  free(self->locale);
  self->locale = copy_locale();
  if (of_process) setlocale(LC_ALL, of_process);
  free(of_process);
}

/* Meanwhile the first `signals` of stop_signals stop the program. */
static PyObject *run_outcome(State *self, Run *run, int signals) {
  begin_running(self);
  self->interrupted = 0;
  PyThreadState *python = PyEval_SaveThread();
  StopSignals caught;
  catch_signals(self, signals, &caught);
  char *of_process = enter_locale(self);
  int status = run_lua(self->vm, run);
  leave_locale(self, of_process);
  release_signals(self, &caught);
  PyEval_RestoreThread(python);
  self->running = false;
  int kind = status == STATUS_OK      ? RUN_OK
             : status == STATUS_EXIT  ? RUN_EXIT
             : status == STATUS_LIMIT ? RUN_LIMIT
                                      : RUN_ERROR;
  if (kind == RUN_ERROR && self->interrupted) kind = RUN_INTERRUPTED;
  int exit_status = kind == RUN_EXIT          ? self->vm->exit_status
                    : kind == RUN_INTERRUPTED ? SIGNAL_STATUS + self->interrupted
                                              : kind != RUN_OK;
  return Py_BuildValue("(iy#i)", kind, run->message, (Py_ssize_t)run->message_length, exit_status);
}

static PyObject *State_run(PyObject *object, PyObject *arguments, PyObject *keywords) {
  static char *names[] = {"chunk", "chunkname", "args", "catch_interrupts", "catch_termination", "text_number",
                          "prints", "module_global", NULL};
  State *self = (State *)object;
  Run run = {0};
  Py_ssize_t chunk_length, global_length = 0;
  int interrupts = 0, termination = 0, prints = 0;
  PyObject *args = Py_None;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "y#y|OppIpz#:run", names, &run.chunk.text, &chunk_length,
                                   &run.chunkname, &args, &interrupts, &termination, &run.text_number, &prints,
                                   &run.module_global.text, &global_length))
    return NULL;
  run.chunk.length = (size_t)chunk_length;
  run.module_global.length = (size_t)global_length;
  run.prints = prints;
  if (!is_usable(self)) return NULL;
  if (self->finished) {
    PyErr_SetString(PyExc_RuntimeError, "the state has finished");
    return NULL;
  }
  PyObject *result = NULL;
  int signals = !interrupts ? 0 : termination ? STOP_SIGNALS : 1;
  if (args == Py_None || run_prepare(&run, args)) result = run_outcome(self, &run, signals);
  free(run.args);
  free(run.message);
  return result;
}

static PyObject *State_set_arg(PyObject *object, PyObject *arguments) {
  State *self = (State *)object;
  Run run = {0};
  PyObject *words;
  if (!PyArg_ParseTuple(arguments, "O!i:set_arg", &PyTuple_Type, &words, &run.script)) return NULL;
  if (!is_usable(self)) return NULL;
  Thread *L = self->vm->main;
  ptrdiff_t place = L->top - L->stack;
  bool done = run_prepare(&run, words);
  if (done && call_protected_body(L, set_arg_table, &run) != STATUS_OK) {
    PyErr_NoMemory();
    done = false;
  }
  L->top = L->stack + place;
  free(run.args);
  if (!done) return NULL;
  Py_RETURN_NONE;
}

static PyObject *State_check(PyObject *object, PyObject *arguments) {
  State *self = (State *)object;
  Run run = {.only_load = true};
  Py_ssize_t chunk_length;
  if (!PyArg_ParseTuple(arguments, "y#y:check", &run.chunk.text, &chunk_length, &run.chunkname)) return NULL;
  run.chunk.length = (size_t)chunk_length;
  if (!is_usable(self)) return NULL;
  run_lua(self->vm, &run);
  PyObject *result = Py_BuildValue("y#", run.message, (Py_ssize_t)run.message_length);
  free(run.message);
  return result;
}

/* (what a callable returns of the bytes that may still be allocated, None), or (None, the limit that ended it). */
static PyObject *State_bounded(PyObject *object, PyObject *callable) {
  State *self = (State *)object;
  if (!is_usable(self)) return NULL;
  VM *vm = self->vm;
  begin_running(self);
  self->interrupted = 0;
  atomic_store(&vm->interrupt, 0);
  begin_compiling(self);
  PyObject *result = PyObject_CallFunction(callable, "N", memory_left(self));
  end_compiling(self);
  self->running = false;
  int reasons = atomic_exchange(&vm->interrupt, 0);
  if (result != NULL) return Py_BuildValue("(NO)", result, Py_None);
  int reason = 0;
  if (reasons & INTERRUPT_TIMEOUT) reason = INTERRUPT_TIMEOUT;
  else if (vm->allocator->limit != SIZE_MAX && PyErr_ExceptionMatches(PyExc_MemoryError)) reason = INTERRUPT_MEMORY;
  if (reason == 0) return NULL;
  PyErr_Clear();
  char text[LIMIT_TEXT];
  limit_text(vm, reason, text);
  return Py_BuildValue("(Oy)", Py_None, text);
}

static PyObject *State_interrupt(PyObject *object, PyObject *unused) {
  (void)unused;
  State *self = (State *)object;
  if (self->vm != NULL && self->running) {
    self->interrupted = SIGINT;
    vm_interrupt(self->vm, INTERRUPT_STOP);
    stop_compiling(self);
  }
  Py_RETURN_NONE;
}

/* From another thread. Repeated calls do no harm: between two instructions the program sees one of them. */
static PyObject *State_time_over(PyObject *object, PyObject *seconds) {
  State *self = (State *)object;
  double limit = PyFloat_AsDouble(seconds);
  if (PyErr_Occurred()) return NULL;
  if (self->vm != NULL && self->running) {
    self->vm->time_limit = limit;
    vm_interrupt(self->vm, INTERRUPT_TIMEOUT);
    stop_compiling(self);
#ifndef _WIN32
    wake_runner(self);
#endif
  }
  Py_RETURN_NONE;
}

static PyObject *State_set_memory_limit(PyObject *object, PyObject *bytes) {
  State *self = (State *)object;
  if (!is_usable(self)) return NULL;
  size_t limit = SIZE_MAX;
  if (bytes != Py_None) {
    limit = PyLong_AsSize_t(bytes);
    if (PyErr_Occurred()) return NULL;
  }
  self->vm->allocator->limit = limit;
  Py_RETURN_NONE;
}

static PyObject *State_set_instruction_limit(PyObject *object, PyObject *count) {
  State *self = (State *)object;
  if (!is_usable(self)) return NULL;
  unsigned long long limit = count == Py_None ? 0 : PyLong_AsUnsignedLongLong(count);
  if (PyErr_Occurred()) return NULL;
  if (limit == 0 && count != Py_None) {
    PyErr_SetString(PyExc_ValueError, "the limit must be above 0");
    return NULL;
  }
  self->vm->instruction_limit = self->vm->instructions_left = limit;
  self->vm->instructions_limited = limit > 0;
  Py_RETURN_NONE;
}

/* Profiling */

static PyObject *State_profile_start(PyObject *object, PyObject *arguments, PyObject *keywords) {
  static char *names[] = {"mode", "sampler", "interval_ns", "paused", NULL};
  State *self = (State *)object;
  const char *name, *sampler = NULL;
  unsigned long long interval_ns = BEST_INTERVAL;
  int paused = 0;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "s|zKp:profile_start", names, &name, &sampler, &interval_ns,
                                   &paused))
    return NULL;
  enum Mode mode = strcmp(name, "count") == 0    ? MODE_COUNT
                   : strcmp(name, "sample") == 0 ? MODE_SAMPLE
                   : strcmp(name, "trace") == 0  ? MODE_TRACE
                   : strcmp(name, "oracle") == 0 ? MODE_ORACLE
                                                 : MODE_OFF;
  if (mode == MODE_OFF) return PyErr_Format(PyExc_ValueError, "unknown mode '%s'", name);
  enum SamplerKind kind = SAMPLER_BEST;
  if (sampler != NULL && strcmp(sampler, "signal") == 0) kind = SAMPLER_SIGNAL;
  else if (sampler != NULL && strcmp(sampler, "thread") == 0) kind = SAMPLER_THREAD;
  else if (sampler != NULL && strcmp(sampler, "steps") == 0) kind = SAMPLER_STEPS;
  else if (sampler != NULL) return PyErr_Format(PyExc_ValueError, "unknown sampler '%s'", sampler);
  if (interval_ns != BEST_INTERVAL && (interval_ns < MIN_INTERVAL_NS || interval_ns > MAX_INTERVAL_NS)) {
    PyErr_SetString(PyExc_ValueError, "the sampling interval must be from 10 microseconds to 100 seconds");
    return NULL;
  }
  if (!is_usable(self)) return NULL;
  switch (profiler_start(self->vm, mode, kind, interval_ns)) {
    case PROFILER_NO_MEMORY: return PyErr_NoMemory();
    case PROFILER_NO_SAMPLER:
      PyErr_SetString(PyExc_ValueError, "this system has no such sampler: use sampler=\"thread\"");
      return NULL;
    default: break;
  }
  if (paused) profiler_pause(self->vm);
  Py_RETURN_NONE;
}

static PyObject *State_profile_stop(PyObject *object, PyObject *unused) {
  (void)unused;
  State *self = (State *)object;
  if (!is_usable(self)) return NULL;
  profiler_stop(self->vm);
  Py_RETURN_NONE;
}

/* While Lua runs too, from any thread: the figures are read as they stand. */
static PyObject *State_live(PyObject *object, PyObject *unused) {
  (void)unused;
  State *self = (State *)object;
  if (self->vm == NULL) {
    PyErr_SetString(PyExc_RuntimeError, "the state is closed");
    return NULL;
  }
  const Profiler *profiler = self->vm->profiler;
  const Allocator *allocator = self->vm->allocator;
  return Py_BuildValue("(KKK)", profiler != NULL ? (unsigned long long)profiler_elapsed_ns(profiler) : 0,
                       (unsigned long long)allocator->current,
                       profiler != NULL ? (unsigned long long)profiler_allocated_bytes(profiler) : 0);
}

/* The raw figures as Python objects: a stack of lists, of which the one below all takes the whole. */
#define RAW_DEPTH 16

typedef struct ObjectSink {
  RawSink sink;
  PyObject *open[RAW_DEPTH];
  enum RawShape shapes[RAW_DEPTH];
  int depth;
} ObjectSink;

/* Takes the reference. */
static void add_object(RawSink *sink, PyObject *value) {
  ObjectSink *self = (ObjectSink *)sink;
  sink->failed = sink->failed || value == NULL || PyList_Append(self->open[self->depth], value) < 0;
  Py_XDECREF(value);
}

static void begin_object(RawSink *sink, enum RawShape shape) {
  ObjectSink *self = (ObjectSink *)sink;
  self->open[++self->depth] = PyList_New(0);
  self->shapes[self->depth] = shape;
  sink->failed |= self->open[self->depth] == NULL;
}

/* Of the keys and values that follow each other in a list. */
static PyObject *dict_of(PyObject *list) {
  PyObject *dict = PyDict_New();
  for (Py_ssize_t i = 0; dict != NULL && i + 1 < PyList_Size(list); i += 2)
    if (PyDict_SetItem(dict, PyList_GetItem(list, i), PyList_GetItem(list, i + 1)) < 0) Py_CLEAR(dict);
  return dict;
}

static void end_object(RawSink *sink) {
  ObjectSink *self = (ObjectSink *)sink;
  PyObject *list = self->open[self->depth], *value = list;
  enum RawShape shape = self->shapes[self->depth--];
  if (list != NULL && shape != RAW_LIST) {
    value = shape == RAW_MAP ? dict_of(list) : PyList_AsTuple(list);
    Py_DECREF(list);
  }
  add_object(sink, value);
}

static void add_none(RawSink *sink) {
  Py_INCREF(Py_None);
  add_object(sink, Py_None);
}

static void add_natural(RawSink *sink, uint64_t n) { add_object(sink, PyLong_FromUnsignedLongLong(n)); }
static void add_integer(RawSink *sink, int64_t n) { add_object(sink, PyLong_FromLongLong(n)); }
static void add_real(RawSink *sink, double x) { add_object(sink, PyFloat_FromDouble(x)); }
static void add_text(RawSink *sink, const char *text) { add_object(sink, PyUnicode_FromString(text)); }

static void add_bytes(RawSink *sink, const void *bytes, size_t length) {
  add_object(sink, PyBytes_FromStringAndSize(bytes, (Py_ssize_t)length));
}

static PyObject *raw_figures(const Profiler *profiler) {
  ObjectSink sink = {
    .sink = {begin_object, end_object, add_none, add_natural, add_integer, add_real, add_text, add_bytes, false}};
  sink.open[0] = PyList_New(0);
  if (sink.open[0] == NULL) return NULL;
  raw_tell(&sink.sink, profiler);
  PyObject *whole = sink.sink.failed ? NULL : PyList_GetItem(sink.open[0], 0);
  Py_XINCREF(whole);
  for (int i = sink.depth; i >= 0; i--) Py_XDECREF(sink.open[i]);
  return whole != NULL || PyErr_Occurred() ? whole : PyErr_NoMemory();
}

static PyObject *State_profile_data(PyObject *object, PyObject *unused) {
  (void)unused;
  State *self = (State *)object;
  if (!is_usable(self)) return NULL;
  const Profiler *profiler = self->vm->profiler;
  if (profiler == NULL || profiler->running) {
    PyErr_SetString(PyExc_RuntimeError, "no profile has been made");
    return NULL;
  }
  return raw_figures(profiler);
}

/* The type */

static void open_all(Thread *L, void *context) {
  (void)context;
  open_libraries(L);
}

static void enter_sandbox(Thread *L, void *context) { sandbox_enter(L, context); }

static PyObject *State_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords) {
  static char *names[] = {"compile", "sandbox", "sandbox_root", NULL};
  PyObject *compile;
  int in_sandbox = 0;
  char *root = NULL;
  Py_ssize_t root_length = 0;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O|pz#:State", names, &compile, &in_sandbox, &root, &root_length))
    return NULL;
  allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
  State *self = (State *)allocate(type, 0);
  if (self == NULL) return NULL;
  Py_INCREF(compile);
  self->compile = compile;
  self->vm = vm_new();
  if (self->vm != NULL) {
    self->vm->compile = compile_text;
    self->vm->compile_context = self;
  }
  if (self->vm == NULL || call_protected_body(self->vm->main, open_all, NULL) != STATUS_OK ||
      (in_sandbox && call_protected_body(self->vm->main, enter_sandbox, root) != STATUS_OK)) {
    Py_DECREF(self);
    return PyErr_NoMemory();
  }
  return (PyObject *)self;
}

/* Runs the finalizers, which are Lua code, as vm_finish does. Meanwhile the first `signals` of stop_signals stop the one
   that runs. */
static bool finish_vm(State *self, int signals) {
  begin_running(self);
  PyThreadState *python = PyEval_SaveThread();
  StopSignals caught;
  catch_signals(self, signals, &caught);
  bool exits = vm_finish(self->vm);
  fflush(stdout);
  release_signals(self, &caught);
  PyEval_RestoreThread(python);
  self->running = false;
  self->finished = true;
  return exits;
}

static PyObject *State_finish(PyObject *object, PyObject *arguments) {
  State *self = (State *)object;
  int interrupts, termination;
  if (!PyArg_ParseTuple(arguments, "pp:finish", &interrupts, &termination)) return NULL;
  if (!is_usable(self)) return NULL;
  if (!finish_vm(self, interrupts ? 1 + termination : 0)) Py_RETURN_NONE;
  return PyLong_FromLong(self->vm->exit_status);
}

static void close_vm(State *self) {
  VM *vm = self->vm;
  if (vm == NULL) return;
  finish_vm(self, 0);
  self->vm = NULL; /* other threads that ask something of it find it closed before it is freed */
  PyThreadState *python = PyEval_SaveThread();
  vm_delete(vm);
  PyEval_RestoreThread(python);
}

static PyObject *State_close(PyObject *object, PyObject *unused) {
  (void)unused;
  State *self = (State *)object;
  if (self->running) {
    PyErr_SetString(PyExc_RuntimeError, "the state is running");
    return NULL;
  }
  close_vm(self);
  Py_RETURN_NONE;
}

static int State_traverse(PyObject *object, visitproc visit, void *arg) {
  Py_VISIT(Py_TYPE(object));
  Py_VISIT(((State *)object)->compile);
  return 0;
}

static int State_clear(PyObject *object) {
  Py_CLEAR(((State *)object)->compile);
  return 0;
}

static void State_dealloc(PyObject *object) {
  PyTypeObject *type = Py_TYPE(object);
  PyObject_GC_UnTrack(object);
  close_vm((State *)object);
  free(((State *)object)->locale);
  State_clear(object);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
  release(object);
  Py_DECREF(type);
}

#define METHOD(name, flags, text) {#name, (PyCFunction)(void (*)(void))State_##name, flags, text}
static PyMethodDef methods[] = {
  METHOD(run, METH_VARARGS | METH_KEYWORDS, "Runs a chunk: (kind, message, exit status)."),
  METHOD(set_arg, METH_VARARGS, "Sets the global arg to words, of which the one at an index is arg[0]."),
  METHOD(check, METH_VARARGS, "Loads a chunk without running it: the error message, or None."),
  METHOD(bounded, METH_O, "Calls a callable within the limits: (its result, None) or (None, the limit reached)."),
  METHOD(interrupt, METH_NOARGS, "Stops the running program with an error."),
  METHOD(set_instruction_limit, METH_O, "Sets how many instructions may still run; None for no limit."),
  METHOD(time_over, METH_O, "Ends the running program, which had so many seconds."),
  METHOD(set_memory_limit, METH_O, "Sets the most bytes that the program may hold; None for no limit."),
  METHOD(profile_start, METH_VARARGS | METH_KEYWORDS, "Begins a profile: 'count', 'sample', 'trace' or 'oracle'."),
  METHOD(profile_stop, METH_NOARGS, "Ends the profile."),
  METHOD(profile_data, METH_NOARGS, "The raw figures of the profile that has ended."),
  METHOD(live, METH_NOARGS, "Nanoseconds since the profile began, bytes held, bytes allocated: also while Lua runs."),
  METHOD(finish, METH_VARARGS, "Runs the finalizers: nothing else can run any more."),
  METHOD(close, METH_NOARGS, "Runs the finalizers and frees the machine."),
  {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
  {Py_tp_doc, "A Lua machine. Text is compiled by the callable given: (text, where it begins, chunkname) -> (binary chunk, number)."},
  {Py_tp_new, State_new},
  {Py_tp_dealloc, State_dealloc},
  {Py_tp_traverse, State_traverse},
  {Py_tp_clear, State_clear},
  {Py_tp_methods, methods},
  {0, NULL},
};

static PyType_Spec spec = {
  .name = "perilune.vm._core.State",
  .basicsize = sizeof(State),
  .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
  .slots = slots,
};

/* Where Python is told not to buffer (PYTHONUNBUFFERED, as in many containers) it takes the buffers of C's streams too. Those
   are the Lua program's, which would make a system call for every character that it reads and every value that it writes. */
static void buffer_streams(void) {
#ifndef _WIN32
  static char input[BUFSIZ], output[BUFSIZ];
  PyObject *stream = PySys_GetObject("__stdout__"); /* it is "write through" where Python does not buffer, and only there */
  PyObject *unbuffered = stream != NULL ? PyObject_GetAttrString(stream, "write_through") : NULL;
  if (unbuffered == Py_True) {
    setvbuf(stdin, input, _IOFBF, sizeof input);
    setvbuf(stdout, output, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, sizeof output);
  }
  Py_XDECREF(unbuffered);
  PyErr_Clear(); /* standard output may be closed: None */
#endif
}

static int module_exec(PyObject *module) {
  buffer_streams();
  PyObject *type = PyType_FromModuleAndSpec(module, &spec, NULL);
  if (type == NULL) return -1;
  int failed = PyModule_AddType(module, (PyTypeObject *)type);
  Py_DECREF(type);
  if (failed || PyModule_AddIntConstant(module, "OK", RUN_OK) < 0 ||
      PyModule_AddIntConstant(module, "ERROR", RUN_ERROR) < 0 ||
      PyModule_AddIntConstant(module, "EXIT", RUN_EXIT) < 0 ||
      PyModule_AddIntConstant(module, "INTERRUPTED", RUN_INTERRUPTED) < 0 ||
      PyModule_AddIntConstant(module, "LIMIT", RUN_LIMIT) < 0)
    return -1;
  return 0;
}

static PyModuleDef_Slot module_slots[] = {
  {Py_mod_exec, (void *)module_exec},
  {0, NULL},
};

static struct PyModuleDef module = {
  PyModuleDef_HEAD_INIT, .m_name = "perilune.vm._core", .m_doc = "The Lua machine.", .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__core(void) { return PyModuleDef_Init(&module); }
