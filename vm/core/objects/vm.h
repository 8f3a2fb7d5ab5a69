/* The virtual machine's state: one VM, its threads (coroutines) and their frames. */
#ifndef PERILUNE_VM_H
#define PERILUNE_VM_H

#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>

#include "metamethod.h"
#include "object.h"

#define MAX_STACK_SLOTS 1000000 /* as LUAI_MAXSTACK */
#define MAX_C_DEPTH 200         /* as LUAI_MAXCCALLS */
#define MIN_C_SLOTS 20          /* free slots a C function finds above its arguments */
#define STACK_SPARE 40          /* slots behind the limit, for error messages and metamethod arguments */
#define ERROR_SLOTS 200         /* more, for handling a stack overflow */

enum FrameKind {
  FRAME_LUA,
  FRAME_C,
  FRAME_PCALL, /* waits for the function that pcall called; errors stop here */
  FRAME_XPCALL,
  FRAME_RESUME, /* waits for the coroutine that coroutine.resume entered */
  FRAME_WRAP,   /* the same for a function of coroutine.wrap */
  FRAME_YIELD,  /* of a suspended thread: the call of coroutine.yield */
  /* C functions of the stock API that go on with a continuation, as their C frame is gone, */
  FRAME_CALLK,   /* when the function that they called returns, */
  FRAME_PCALLK,  /* the same, and errors stop here, */
  FRAME_YIELDK,  /* or when the thread is resumed */
  FRAME_RESUMING /* a C function inside lua_resume */
};

/* What follows when a metamethod returns that was called from an instruction, or from unwinding. */
enum Continuation {
  CONTINUE_NONE,
  CONTINUE_STORE,   /* store in the caller's slot `operand` */
  CONTINUE_DISCARD, /* __newindex */
  CONTINUE_JUMP_IF, /* take the caller's jump if the result is truthy */
  CONTINUE_JUMP_UNLESS,
  CONTINUE_CONCAT, /* store in slot `operand`, then go on concatenating down to the instruction's A */
  CONTINUE_CLOSE,  /* go on closing variables from the caller's slot `operand` up */
  CONTINUE_RETURN, /* the same from its base up, then return `pending` results from slot `operand` */
  CONTINUE_UNWIND  /* go on closing what an error left above a protected call, then return the error from that */
};

enum FrameFlag {
  FRAME_FRESH = 1,     /* entered from C: returning from it leaves the interpreter */
  FRAME_BOTTOM = 2,    /* first frame of a coroutine: returning from it ends the coroutine */
  FRAME_CONTINUED = 4, /* `continuation` says what becomes of the result */
  FRAME_VARARG = 8,    /* shift is not 0 */
  FRAME_HANDOFF = 16,  /* the caller is not a Lua function but a frame that waits (pcall, ...) */
  FRAME_TAIL = 32,     /* reached by a tail call */
  FRAME_TAILING = 128, /* it returns what the C function returns that it called last */
  FRAME_FINALIZER = 64, /* it was interrupted to call a __gc metamethod */
  FRAME_PEAK = 256,     /* it has taken the stack to a peak, and the profiler wants to see the calls before it goes */
  FRAME_JUMPS = 512,    /* the two-word jump that its pc is behind is to be taken when it goes on */
  FRAME_REPEATS = 1024  /* the first word that its pc is behind is to be executed again when it goes on */
};
#define FRAME_MOVES (FRAME_JUMPS | FRAME_REPEATS)
/* A frame with none of these returns to a Lua frame that takes its results plainly, and nothing else happens. */
#define FRAME_ODD_RETURN (FRAME_FRESH | FRAME_BOTTOM | FRAME_CONTINUED | FRAME_VARARG | FRAME_HANDOFF | FRAME_PEAK)
/* With one of these, a frame takes more than a new function to become that of a tail call. */
#define FRAME_ODD_TAILCALL (FRAME_VARARG | FRAME_FINALIZER | FRAME_PEAK)

#define MULTIPLE_RESULTS (-1)

_Static_assert(MAX_C_DEPTH <= UINT8_MAX, "nesting is counted in bytes");

/* A sample is what the frames say, at any moment: so a frame is complete when it becomes its thread's current one, and
   what it says of itself holds until it is not. In sample mode a Lua frame's pc is saved at every instruction. */
typedef struct Frame {
  Value *base; /* first slot; the function is base[-1], of a Lua frame for as long as it is there */
  union {
    const uint32_t *pc; /* Lua frames: behind the first word of the running instruction, or behind the instruction (saved
                           when something else runs) */
    const CFn *cfn;     /* others: the library function; NULL if the call is not the program's */
  };
  uint32_t shift;     /* vararg functions: slots from the called function to base - 1, else 0 */
  uint16_t flags;
  uint8_t kind;
  uint8_t continuation;
  int16_t results;    /* how many the caller wants, or MULTIPLE_RESULTS */
  uint8_t operand;
  uint8_t nesting; /* frames that do not belong to Lua functions: the thread's when they were pushed */
  uint32_t pending; /* results that a return hands over when its variables are closed */
} Frame;

/* What a C function that waits goes on with. */
typedef struct Waiting {
  struct Waiting *below;
  size_t frame; /* index: a record of a frame that is gone is dropped when the list is looked at */
  ForeignContinuation continuation;
  intptr_t context;
  ptrdiff_t function; /* slot of what it called: where an error value goes */
  ptrdiff_t handler;  /* slot of the message handler; 0: none */
  int status;
  bool is_protected;
} Waiting;

enum ThreadStatus { THREAD_SUSPENDED, THREAD_RUNNING, THREAD_NORMAL, THREAD_DEAD };

struct Thread {
  OBJECT_HEADER;
  uint8_t status;
  bool started;
  uint32_t serial;
  bool failed; /* dead by an error; the error value is on its stack */
  Object *gray_next;
  VM *vm;
  Value *top;         /* first free slot: of a C frame always, of a Lua frame only around open results */
  Frame *frame;       /* current */
  Value *stack;       /* slots */
  Value *stack_limit; /* stack + size - STACK_SPARE */
  Value *room;        /* what the loops below the peak take for stack_limit: interpreter_probes.h */
  Frame *frames;
  Frame *frames_limit; /* last usable frame */
  const Frame *fitting; /* the same loops: this frame and those above it were found to fit */
  UpVal *open_upvalues; /* highest slot first */
  Value *tbc_last;      /* highest slot marked to be closed; its spare is the distance to the one below, NULL if none */
  Thread *resumer;      /* who is waiting for this one */
  Thread *next_thread;  /* on the machine's list */
  uint8_t nesting; /* metamethods and protected calls under way: limited as C calls are, so that runaways end early */
  uint8_t next_continuation; /* of the next frame that is pushed with FRAME_CONTINUED */
  uint8_t next_operand;
  uint8_t hook_mask; /* hooks.h: HOOK_* */
  int hook_every;    /* instructions from one count event to the next, */
  int hook_left;     /* and still to run until then */
  uint32_t hook_pc;  /* the word that the last line event was decided on */
  bool hooks_rest;            /* a finalizer runs */
  size_t hooked_frame;        /* index of the frame whose event is being handled: no further events meanwhile; else 0 */
  uint32_t transfer_first;    /* the values that a call or return event hands over: number of the first as a local */
  uint32_t transfer_count;
  int c_boundaries;     /* interpreter runs begun inside this thread: no yield across them */
  uint8_t failed_status; /* STATUS_ of the error that it is dead by */
  bool hook_yielded;     /* a hook has suspended it: the next instruction has had its events */
  Waiting *waiting;      /* C functions with continuations, innermost first */
  ptrdiff_t hook_top;    /* where the top was before a C hook was called */
  void *extra_space;     /* C code's own, just before what it has as the thread's address, */
  void *foreign_hook;    /* which is this one's: a C hook function, or NULL */
};
CHECK_NUMBERED(Thread);
static inline lua_State *thread_state(Thread *thread) { return (lua_State *)(void *)&thread->foreign_hook; }
static inline Thread *state_thread(lua_State *state) {
  return (Thread *)(void *)((char *)state - offsetof(Thread, foreign_hook));
}

/* Where the interpreter was entered from C; errors are thrown to the innermost. */
typedef struct Handler Handler;

/* A text that is to become a chunk. */
typedef struct Compilation {
  const char *text; /* of a file all of it, whose chunk begins at `begin` */
  size_t length;
  size_t begin;
  const char *chunkname; /* zero-terminated, as Lua has it ("=stdin", "@file", "text") */
  uint8_t *chunk;        /* malloc'ed, binary; NULL if the text is not right */
  size_t chunk_length;
  char *message;        /* malloc'ed: why there is no chunk */
  bool out_of_memory;   /* that is why */
  uint32_t text_number; /* by which the embedder knows the text again: Proto.text_number */
} Compilation;

/* Called for Lua's load; what it makes is freed by the caller. */
typedef void (*CompileCallback)(void *context, Compilation *compilation);

enum Mode { MODE_OFF, MODE_COUNT, MODE_SAMPLE, MODE_TRACE, MODE_ORACLE, MODE_COUNT_MODES };

/* What the machine is at. What its collector and its compiler do is not the running line's; neither runs inside the other,
   and no Lua code in either. */
enum Activity { ACTIVITY_PROGRAM, ACTIVITY_COLLECTING, ACTIVITY_COMPILING, ACTIVITY_COUNT };

/* The compiled dispatch loops: one per mode, one that does every mode's work, and hooks, by looking at run time, and two
   for functions at the peak of the stack. */
enum { LOOP_HOOKED = MODE_COUNT_MODES, LOOP_COUNT_DEPTH, LOOP_SAMPLE_DEPTH, LOOP_COUNT };

struct Profiler; /* profiler.h */

#define FOUND_STRINGS 4

typedef struct StringTable {
  Str **buckets;
  uint32_t mask;
  uint32_t used;
  uint32_t finds;
  Str *found[FOUND_STRINGS]; /* by the last look-ups: gc_emergency */
} StringTable;

struct GC; /* gc.h */

/* As lua_Alloc: resizes a block, makes one out of NULL, frees one where `size` is 0. */
typedef void *(*HostAllocate)(void *context, void *block, size_t old_size, size_t size);

/* The serial numbers of strings, by address. */
typedef struct StringSerials {
  struct StringSerial **buckets; /* NULL before the first; serial.c */
  uint32_t mask;
  uint32_t used;
} StringSerials;

enum {
  STATUS_OK,
  STATUS_ERROR,
  STATUS_SYNTAX,
  STATUS_MEMORY,
  STATUS_HANDLER, /* error in an error handler */
  STATUS_EXIT,
  STATUS_LIMIT, /* the program has run into one of its limits */
  STATUS_SWITCH /* no error: another thread goes on in the run that is thrown to */
};
/* Nothing in Lua catches these. */
static inline bool status_is_final(int status) { return status >= STATUS_EXIT; }

/* What C code expects in the registry. */
enum { REGISTRY_MAIN = 1, REGISTRY_GLOBALS = 2 };

struct VM {
  Thread *main;
  Thread *current;
  Thread *threads; /* coroutines, but for those that the collector has found to be dead */
  Handler *handler;
  int c_depth; /* C levels of interpreter entries and metamethod calls */
  StringTable strings;
  uint32_t seed;
  uint32_t serials; /* given so far: serial.h */
  StringSerials string_serials;
  Value registry; /* a table */
  Table *globals;
  Table *loaded; /* package.loaded */
  Table *string_meta;
  Table *type_meta[TAG_THREAD + 1]; /* metatables of the other basic types, by tag */
  Str *metamethod_names[METAMETHOD_COUNT];
  Str *memory_message; /* "not enough memory", made ahead */
  struct GC *gc;
  struct Profiler *profiler;
  struct Allocator *allocator;
  enum Mode mode;
  bool in_foreign; /* C code runs between sampler_begin_foreign and sampler_end_foreign */
  _Atomic(uint8_t) activity; /* enum Activity */
  bool compares_depth; /* the running function may reach a new peak of the stack: see interpreter_probes.h */
  _Atomic int interrupt; /* see interrupt.h: INTERRUPT_* bits asked for by another thread or a signal handler */
  const void *dispatch[LOOP_COUNT][256]; /* the loops' jump tables; all entries become the label on an interrupt */
  const void *interrupt_label[LOOP_COUNT]; /* NULL before a loop has run */
  size_t hooked_threads; /* how many have a hook_mask */
  bool instructions_limited;
  uint64_t instructions_left;  /* if they are limited */
  uint64_t instruction_limit;  /* as it was set, for the message; 0: none */
  int ended; /* with STATUS_LIMIT: for which of the reasons of interrupt.h */
  double time_limit; /* seconds, for the message: the embedder has the clock */
  CFunction tracer; /* call_traced's message handler while one runs */
  CompileCallback compile;
  void *compile_context;
  bool warnings_on;
  bool warning_continues; /* a part of a warning has been written */
  bool sandboxed;           /* see lib/sandbox.h */
  const char *sandbox_root; /* the folder with what may be loaded, resolved; NULL: nothing */
  int exit_status; /* os.exit: with STATUS_EXIT */
  bool skips_finalizers; /* os.exit without closing: vm_delete runs none */
  uint32_t proto_count;
  struct IOState *io; /* lib/io.c */
  /* the stock C API */
  Table *foreign_functions; /* by address: the object of a C function without upvalues, the name of another; or NULL */
  ForeignFunction panic;
  void (*call_foreign_hook)(Thread *L, int event, int line);
  void (*warn)(void *context, const char *message, int to_be_continued); /* NULL: the machine's own way, or none */
  void *warn_context;
  HostAllocate block_allocate; /* what C code wants to get memory from, by lua_setallocf, */
  void *block_context;         /* if it is not the machine */
  ptrdiff_t switch_from; /* STATUS_SWITCH: where the values are that are handed over, */
  int switch_count;      /* and how many */
  int resumed_count;     /* what foreign_resume returns */
  int resumed_status;
  void *user;         /* the embedder's */
};

/* What a frame says of a plain call: the constants stand together in it, and are one store. */
static inline void frame_set_plain(Frame *frame, enum FrameKind kind, int results) {
  frame->shift = 0;
  frame->flags = 0;
  frame->kind = (uint8_t)kind;
  frame->continuation = CONTINUE_NONE;
  frame->results = (int16_t)results;
}

/* Makes a frame that is complete, or one below it, the thread's current one. */
static inline void frame_begin(Thread *L, Frame *frame) {
  atomic_signal_fence(memory_order_release);
  L->frame = frame;
  atomic_signal_fence(memory_order_release);
}

static inline Thread *current_thread(VM *vm) { return vm->current; }

/* Another thread or a signal handler asks the interpreter to look up: takes effect at the next instruction (machine/interrupt.c). */
enum { INTERRUPT_STOP = 1, INTERRUPT_TIMEOUT = 2, INTERRUPT_INSTRUCTIONS = 4, INTERRUPT_MEMORY = 8 };
void vm_interrupt(VM *vm, int reasons);

#endif
