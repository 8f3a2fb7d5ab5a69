/* The heap objects that values refer to. */
#ifndef PERILUNE_OBJECT_H
#define PERILUNE_OBJECT_H

#include "value.h"

/* Every heap object begins with this; `next` links all objects for the sweep, `marked` is the collector's. */
#define OBJECT_HEADER \
  Object *next;       \
  uint8_t tag;        \
  uint8_t marked

struct Object {
  OBJECT_HEADER;
};

/* What all objects have that can be keys and are no strings: serial.h. The two bytes between are each type's own. */
typedef struct NumberedObject {
  OBJECT_HEADER;
  uint8_t own[2];
  uint32_t serial; /* 0: none so far */
} NumberedObject;
#define CHECK_NUMBERED(type) \
  _Static_assert(offsetof(type, serial) == offsetof(NumberedObject, serial), "where NumberedObject has it")

#define MAX_SHORT_STRING 40

enum {
  STR_HASHED = 1,  /* hash is valid: of short strings always */
  STR_NUMBERED = 2 /* it has a serial number */
};

struct Str {
  OBJECT_HEADER;
  uint8_t flags;        /* STR_* */
  uint8_t short_length; /* short strings only */
  uint32_t hash;
  union {
    size_t long_length;
    Str *chain; /* short strings: next in the intern table */
  };
  char text[]; /* followed by a zero byte */
};

static inline size_t str_size(size_t length) { return offsetof(Str, text) + length + 1; }
static inline size_t str_length(const Str *s) { return s->tag == TAG_STR ? s->short_length : s->long_length; }

/* A hash entry. The chain to the next entry with the same main position is a relative index in value.spare. */
typedef struct Node {
  Value value;
  uint64_t key; /* payload of the key */
  uint32_t key_tag;
  uint32_t hash; /* of a string, or an object's serial number; unused with other keys */
} Node;

/* `absent` has a bit for each metamethod (below METAMETHOD_CACHED) known not to be a field of this table. */
struct Table {
  OBJECT_HEADER;
  uint8_t absent;
  uint8_t node_bits; /* log2 of the number of nodes */
  uint32_t serial;
  uint32_t node_mask;  /* number of nodes - 1 */
  uint32_t array_size; /* slots in array */
  uint32_t limit;      /* where # begins to look, at most array_size: a recent border, or what was read beyond it */
  uint32_t last_free;  /* nodes at and above this are in use */
  Value *array;
  Node *node; /* never NULL: an empty hash part is one shared, never written node */
  Table *meta;
  Object *gray_next;
};
CHECK_NUMBERED(Table);

typedef struct UpvalueDesc {
  Str *name; /* may be NULL */
  uint8_t in_stack;
  uint8_t index;
  uint8_t kind;
} UpvalueDesc;

typedef struct LocalDesc {
  Str *name;
  uint32_t first_pc;
  uint32_t end_pc;
  uint8_t slot;
} LocalDesc;

#define RANGE_NUMBERS 5 /* of a source range: proto.py */

/* Profile of one function, attached when it is loaded while a profile runs; arrays are parallel to the code words. See
   functions.h. */
typedef struct ProtoCounts {
  uint64_t *taken;             /* jumps taken at pc */
  uint64_t *aborted;           /* activations that ended early at pc: errors, abandoned coroutines */
  uint64_t *not_begun;         /* how often a limit came before what had led to pc: NULL for never */
  uint64_t *every;             /* oracle build: executions of pc */
  uint64_t *ticks;             /* trace mode: time stamps spent in pc */
  uint64_t *samples;           /* sample mode: how often pc was found running */
  uint64_t *waiting;           /* and of these, when the thread waited */
  uint32_t *lines;             /* line that the word at pc is charged to; NULL when stripped */
  /* what the function is */
  uint32_t id; /* of the first object, and of what that was in, or NO_PARENT */
  uint32_t parent;
  uint32_t position; /* among the functions of its chunk */
  uint32_t text_number;
  uint32_t first_site;
  uint32_t word_count;
  uint32_t range_count;
  int32_t first_line;
  int32_t last_line;
  uint64_t entries; /* that objects have counted which are gone */
  const uint32_t *code;   /* without what inline caches remember */
  const uint32_t *ranges; /* NULL when stripped */
  const uint32_t *word_ranges;
  const char *name; /* may be NULL */
  size_t name_length;
  const struct KeptText *source; /* may be NULL */
  uint64_t hash;
  struct ProtoCounts *next; /* in its bucket */
} ProtoCounts;

#define RANGE_NUMBERS 5 /* that make a source range */

struct Proto {
  OBJECT_HEADER;
  uint8_t parameters;
  bool is_vararg;
  uint8_t slots;
  uint8_t upvalue_count;
  uint32_t *code; /* writable: inline-cache hints */
  Value *constants;
  uint32_t first_site; /* sites.h: of word_count + 1 that follow each other, by the distance of the pc; 0: none */
  uint32_t position;   /* among the functions of its chunk */
  uint64_t entries;    /* activations begun while a profile counted them */
  uintptr_t taken;     /* counts->taken less twice the address of `code`; 0 without counts */
  Proto **protos;
  uint32_t word_count;
  uint32_t constant_count;
  uint32_t proto_count;
  uint32_t local_count;
  uint32_t range_count;
  int32_t first_line;
  int32_t last_line;
  uint32_t id; /* running number of loaded functions, parents before children; a profile gives equal ones the first's */
  uint32_t parent;      /* id of the function that it is in: its own if there is none */
  uint32_t text_number; /* what the embedder calls the text that it was compiled from; 0: it came in a binary chunk */
  UpvalueDesc *upvalues;
  LocalDesc *locals;
  uint32_t *lines;       /* line of every word; NULL when stripped */
  uint32_t *ranges;      /* RANGE_NUMBERS each; kept for string.dump */
  uint32_t *word_ranges; /* index into ranges for every word */
  Str *source;
  Str *name; /* may be NULL */
  ProtoCounts *counts;
  uint8_t *live; /* liveness.h */
  Object *gray_next;
};

/* An upvalue is open while it points into a stack; closed, it points to its own `closed`. */
struct UpVal {
  OBJECT_HEADER;
  uint8_t unused[2];
  uint32_t serial; /* for debug.upvalueid */
  Value *v;
  union {
    Value closed;
    struct {
      UpVal *next_open; /* next lower one of the same thread */
      UpVal **link;     /* what points to this one */
    };
  };
};
CHECK_NUMBERED(UpVal);

struct LuaFn {
  OBJECT_HEADER;
  uint8_t upvalue_count;
  uint32_t serial;
  Object *gray_next;
  Proto *proto;
  UpVal *upvalues[];
};
CHECK_NUMBERED(LuaFn);

/* A function of the library: arguments are args[0] .. args[count-1]; it returns how many results it left on top of the
   stack (below L->top). */
typedef int (*CFunction)(Thread *L, Value *args, int count);

/* What a function marked SPECIAL_CALLING returns to end with the call of what it has pushed, a function and its
   arguments, whose results (exactly `results`, or all: MULTIPLE_RESULTS) become its own. */
#define CALL_LAST(arguments, results) (-(((results) + 2) * 256 + (arguments)))

/* What the interpreter does itself instead of calling `call`. */
enum Special {
  SPECIAL_NONE,
  SPECIAL_PCALL,
  SPECIAL_XPCALL,
  SPECIAL_RESUME,
  SPECIAL_WRAP, /* the function that coroutine.wrap returns; upvalue 0 is the thread */
  SPECIAL_YIELD,
  SPECIAL_NEXT,       /* next: generic for runs it without a call */
  SPECIAL_IPAIRS_STEP, /* the iterator of ipairs: likewise */
  SPECIAL_SETHOOK,    /* debug.sethook: its own return is the first event */
  SPECIAL_CALLING     /* it may end with a call: returns CALL_LAST, or a number of results */
};

/* The stock C API's name of a thread, and its functions. */
typedef struct lua_State lua_State;
typedef int (*ForeignFunction)(lua_State *state);
typedef int (*ForeignContinuation)(lua_State *state, int status, intptr_t context);

struct CFn {
  OBJECT_HEADER;
  uint8_t upvalue_count;
  uint8_t special;
  uint32_t serial;
  CFunction call;
  ForeignFunction foreign; /* of the stock C API: `call` is what calls it; else NULL */
  const char *name; /* qualified, as reports show it: "string.format" */
  uint64_t calls;   /* counted in profiled runs */
  uint64_t ticks;   /* trace mode */
  Object *gray_next;
  Value upvalues[];
};
CHECK_NUMBERED(CFn);

struct Userdata {
  OBJECT_HEADER;
  uint16_t user_value_count;
  uint32_t serial;
  size_t size;
  Table *meta;
  Object *gray_next;
  Value *user_values;
  void *data; /* size bytes, aligned for any type */
};
CHECK_NUMBERED(Userdata);

#endif
