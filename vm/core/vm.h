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
#define ERROR_SLOTS 240         /* beyond MAX_STACK_SLOTS, for handling a stack overflow */

enum FrameKind {
  FRAME_LUA,
  FRAME_C,
  FRAME_PCALL, /* waits for the function that pcall called; errors stop here */
  FRAME_XPCALL,
  FRAME_RESUME, /* waits for the coroutine that coroutine.resume entered */
  FRAME_WRAP,   /* the same for a function of coroutine.wrap */
  FRAME_YIELD   /* of a suspended thread: the call of coroutine.yield */
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
  FRAME_PEAK = 256      /* it has taken the stack to a peak, and the profiler wants to see the calls before it goes */
};
/* A frame with none of these returns to a Lua frame that takes its results plainly, and nothing else happens. */
#define FRAME_ODD_RETURN (FRAME_FRESH | FRAME_BOTTOM | FRAME_CONTINUED | FRAME_VARARG | FRAME_HANDOFF | FRAME_PEAK)

#define MULTIPLE_RESULTS (-1)

_Static_assert(MAX_C_DEPTH <= UINT8_MAX, "nesting is counted in bytes");

typedef struct Frame {
  Value *base;        /* first slot; the function is base[-1] */
  const uint32_t *pc; /* Lua frames: next instruction (saved when something else runs) */
  uint32_t shift;     /* vararg functions: slots from the called function to base - 1, else 0 */
  int16_t results;    /* how many the caller wants, or MULTIPLE_RESULTS */
  uint16_t flags;
  uint8_t kind;
  uint8_t continuation;
  uint8_t operand;
  uint8_t nesting; /* frames that do not belong to Lua functions: the thread's when they were pushed */
  uint32_t pending; /* results that a return hands over when its variables are closed */
} Frame;

enum ThreadStatus { THREAD_SUSPENDED, THREAD_RUNNING, THREAD_NORMAL, THREAD_DEAD };

struct Thread {
  OBJECT_HEADER;
  uint8_t status;
  bool started;
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
  uint8_t nesting; /* metamethods and protected calls under way: limited as C calls are, so that runaways end early */
  uint8_t next_continuation; /* of the next frame that is pushed with FRAME_CONTINUED */
  uint8_t next_operand;
  uint8_t hook_mask; /* hooks.h: HOOK_* */
  int hook_every;    /* instructions from one count event to the next, */
  int hook_left;     /* and still to run until then */
  uint32_t hook_pc;  /* the word that the last line event was decided on */
  size_t hooked_frame;        /* index of the frame whose event is being handled: no further events meanwhile; else 0 */
  uint32_t transfer_first;    /* the values that a call or return event hands over: number of the first as a local */
  uint32_t transfer_count;
  int c_boundaries;     /* interpreter runs begun inside this thread: no yield across them */
};

/* Where the interpreter was entered from C; errors are thrown to the innermost. */
typedef struct Handler Handler;

/* Called for Lua's load: compiles `text` and returns a malloc'ed binary chunk (freed by the caller with free), or NULL
   with a malloc'ed message in *message. `chunkname` is zero-terminated, as Lua has it ("=stdin", "@file", "text"). */
typedef uint8_t *(*CompileCallback)(void *context, const char *text, size_t length, const char *chunkname,
                                    size_t *chunk_length, char **message);

enum Mode { MODE_OFF, MODE_COUNT, MODE_SAMPLE, MODE_TRACE, MODE_ORACLE, MODE_COUNT_MODES };

/* What runs at this moment, for a signal handler or another thread that takes samples. Kept in sample mode only, but for
   `collecting`. The first two are on one cache line, and another thread reads that line first: if it read another one
   before, the VM's next store there would wait for the line, and hold back the pcs that are stored behind it. */
typedef struct Running {
  _Alignas(2 * sizeof(void *)) _Atomic(const uint32_t *) pc; /* the innermost Lua function's running instruction;
                                                                NULL: none */
  _Atomic(const char *) builtin; /* the library function that the running instruction called, while it runs */
  atomic_bool collecting;
} Running;

#define RUNNING_SET(vm, field, value) atomic_store_explicit(&(vm)->running.field, (value), memory_order_relaxed)
#define RUNNING_GET(vm, field) atomic_load_explicit(&(vm)->running.field, memory_order_relaxed)

/* The compiled dispatch loops: one per mode, one that does every mode's work, and hooks, by looking at run time, and two
   for functions at the peak of the stack. */
enum { LOOP_HOOKED = MODE_COUNT_MODES, LOOP_COUNT_DEPTH, LOOP_SAMPLE_DEPTH, LOOP_COUNT };

struct Profiler; /* profiler.h */

typedef struct StringTable {
  Str **buckets;
  uint32_t mask;
  uint32_t used;
} StringTable;

struct GC; /* gc.h */

enum {
  STATUS_OK,
  STATUS_ERROR,
  STATUS_SYNTAX,
  STATUS_MEMORY,
  STATUS_HANDLER, /* error in an error handler */
  STATUS_EXIT,
  STATUS_LIMIT /* the program has run into one of its limits */
};
/* Nothing in Lua catches these. */
static inline bool status_is_final(int status) { return status >= STATUS_EXIT; }

struct VM {
  Running running; /* first: the loops need no other register for it than the one for the VM */
  Thread *main;
  Thread *current;
  Handler *handler;
  int c_depth; /* C levels of interpreter entries and metamethod calls */
  StringTable strings;
  uint32_t seed;
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
  bool sandboxed;           /* see lib/sandbox.h */
  const char *sandbox_root; /* the folder with what may be loaded, resolved; NULL: nothing */
  int exit_status; /* os.exit: with STATUS_EXIT */
  bool skips_finalizers; /* os.exit without closing: vm_delete runs none */
  uint32_t proto_count;
  struct IOState *io; /* lib/io.c */
  void *user;         /* the embedder's */
};

static inline Thread *current_thread(VM *vm) { return vm->current; }

#endif
