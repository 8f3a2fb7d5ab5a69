/* What the running program looks like from outside: lines, variable names, tracebacks, and the errors that need them. */
#ifndef PERILUNE_DEBUGINFO_H
#define PERILUNE_DEBUGINFO_H

#include <stdarg.h>

#include "objects/error.h"
#include "objects/vm.h"

/* As error_runtime, with the position of the function at `level` (1: the one that called the running C function), as luaL_error. */
NORETURN void error_at_level(Thread *L, int level, const char *format, ...);
/* In a C function: error_at_level 1. */
#define error_library(L, ...) error_at_level(L, 1, __VA_ARGS__)

/* "attempt to index a nil value (local 'x')": `v` is the offending value; where it lives tells its name. */
NORETURN void error_type(Thread *L, const Value *v, const char *operation);
NORETURN void error_call(Thread *L, const Value *v);
/* "bad 'for' initial value (number expected, got nil)"; `what` is "initial value", "limit" or "step". */
NORETURN void error_for(Thread *L, const Value *v, const char *what);
NORETURN void error_concat(Thread *L, const Value *a, const Value *b);
NORETURN void error_arithmetic(Thread *L, const Value *a, const Value *b, const char *operation);
NORETURN void error_to_int(Thread *L, const Value *a, const Value *b); /* "number has no integer representation" */
NORETURN void error_compare(Thread *L, const Value *a, const Value *b);
/* "bad argument #1 to 'insert' (message)", counting for methods as Lua does. Argument numbers start at 1. */
NORETURN void error_argument(Thread *L, int argument, const char *message);
/* "bad argument #1 to 'x' (number expected, got nil)" */
NORETURN void error_argument_type(Thread *L, int argument, const char *expected);

/* Type names: "nil", "boolean", ... ; type_name_of heeds __name. */
const char *type_name(const Value *v);
const char *type_name_of(Thread *L, const Value *v);

/* Current line of a frame; -1 for C functions or without debug information. */
int frame_line(const Thread *L, const Frame *frame);
/* The first word of the instruction that a Lua frame is executing. */
uint32_t frame_pc(const Frame *frame);
/* Frame at a level (0: the running function), or NULL. */
Frame *frame_at_level(Thread *L, int level);
/* "chunkname:line: " of the function at a level, or "": pushes the string (luaL_where). */
void push_where(Thread *L, int level);
/* Pushes a traceback of `of`, as luaL_traceback; message may be NULL. */
void push_traceback(Thread *L, Thread *of, const char *message, size_t length, int level);
/* How Lua calls the function in a frame, by the calling instruction: returns "global", "local", "method", "field",
   "upvalue", "metamethod", "for iterator", or NULL; *name is set. */
const char *frame_function_name(Thread *L, Frame *frame, const char **name);
/* Source name as messages show it. `out` holds at least 60 bytes. */
#define SOURCE_TEXT 60
void source_display(char out[SOURCE_TEXT], const char *source, size_t length);
/* Name of a local variable (1-based) active in proto at pc, or NULL. */
const char *proto_local_name(const Proto *p, int number, uint32_t pc);
/* The place of a frame's n-th local variable (negative: extra arguments), or NULL; *name is what to call it. */
Value *frame_local(const Thread *of, const Frame *frame, int64_t n, const char **name);
/* The place of a function's upvalue n, or NULL; *owner is the object that holds it. */
Value *function_upvalue(const Value *function, int64_t n, const char **name, Object **owner);
/* Pushes a table whose keys are the lines with code; nil for no Lua function. */
void push_active_lines(Thread *L, const Proto *p);

/* Formats like printf with %s %d %I (int64_t) %f %p (a Value's address) %c %U %% and pushes the string. */
Str *push_format(Thread *L, const char *format, ...);
Str *push_format_list(Thread *L, const char *format, va_list arguments);

#endif
