/* Binary chunks: reading, verifying and writing them.

   A chunk comes from anywhere: a cache, a file, a string that a program made. Reading checks every count against the
   bytes that are left before it allocates; verifying proves that running the code stays inside the machine's memory. */
#include "chunk.h"

#include <string.h>

#include "call.h"
#include "debuginfo.h"
#include "memory/gc.h"
#include "memory/memory.h"
#include "objects/str.h"
#include "objects/table.h"
#include "opcodes.h"
#include "push.h"
#include "profiler/profiler.h"

#define MAX_NESTING 200
#define ABSENT 0xFFFFFFFFu
#define FLAG_VARARG 1
#define MAX_TABLE_ITEMS (1u << 26)
#define MAX_TABLE_FIELD_BITS 24

/* The least bytes that one of these takes in a chunk: what keeps a count honest. */
#define LEAST_FUNCTION 44
#define LEAST_LOCAL 13
#define LEAST_UPVALUE 7

enum ConstantTag { CONSTANT_NIL, CONSTANT_FALSE, CONSTANT_TRUE, CONSTANT_INT, CONSTANT_FLOAT, CONSTANT_STRING };

static NORETURN void error_chunk(Thread *L, const char *chunkname, const char *why) {
  if (*chunkname == '@' || *chunkname == '=') {
    chunkname++;
  } else if (*chunkname == CHUNK_SIGNATURE[0]) {
    chunkname = "binary string";
  }
  push_format(L, "%s: bad binary format (%s)", chunkname, why);
  error_throw_status(L, STATUS_SYNTAX);
}

/* Protos. Every array belongs to its proto from the moment it exists: a count is set only after its array, so that
   heap_free can tell the sizes of a half-read function too. */

Proto *proto_new(Thread *L) {
  Proto *p = gc_new_object(L, TAG_PROTO, sizeof(Proto));
  memset(&p->parameters, 0, sizeof(Proto) - offsetof(Proto, parameters));
  p->id = p->parent = L->vm->proto_count++;
  return p;
}

/* Reading */

typedef struct Reader {
  Thread *L;
  const uint8_t *at;
  const uint8_t *end;
  const char *chunkname;
  uint32_t text_number;
  Table *long_strings; /* the long constants read so far, keys and values; NULL before the first */
} Reader;

static const uint8_t *read_bytes(Reader *r, size_t size) {
  if ((size_t)(r->end - r->at) < size) error_chunk(r->L, r->chunkname, "truncated chunk");
  const uint8_t *bytes = r->at;
  r->at += size;
  return bytes;
}

static uint8_t read_u8(Reader *r) { return *read_bytes(r, 1); }

static uint32_t u32_at(const uint8_t *b) {
  return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static uint32_t read_u32(Reader *r) { return u32_at(read_bytes(r, 4)); }

static uint64_t read_u64(Reader *r) {
  uint64_t low = read_u32(r);
  return low | (uint64_t)read_u32(r) << 32;
}

/* A count of things that take at least `least` bytes each. */
static uint32_t read_count(Reader *r, size_t least) {
  uint32_t count = read_u32(r);
  if (count > (size_t)(r->end - r->at) / least) error_chunk(r->L, r->chunkname, "truncated chunk");
  return count;
}

static int32_t read_line(Reader *r) {
  uint32_t line = read_u32(r);
  if (line > INT32_MAX) error_chunk(r->L, r->chunkname, "line number out of range");
  return (int32_t)line;
}

static Str *read_string(Reader *r) {
  uint32_t length = read_u32(r);
  if (length == ABSENT) return NULL;
  const uint8_t *bytes = read_bytes(r, length);
  return str_new(r->L, (const char *)bytes, length);
}

/* Equal constants of a chunk are one object, as in the reference: long strings too. */
static Str *read_constant_string(Reader *r) {
  Str *s = read_string(r);
  if (s == NULL) error_chunk(r->L, r->chunkname, "constant without a value");
  if (s->tag != TAG_LONGSTR) return s;
  if (r->long_strings == NULL) {
    r->long_strings = table_new(r->L, 0, 1);
    set_table(r->L->top - 1, r->long_strings);
  }
  Value v;
  set_str(&v, s);
  const Value *known = table_get(r->long_strings, &v);
  if (!is_nil(known)) return known->str;
  table_set(r->L, r->long_strings, &v, &v);
  return s;
}

/* NULL for none. */
static uint32_t *read_words(Reader *r, size_t count) {
  if (count == 0) return NULL;
  const uint8_t *bytes = read_bytes(r, count * 4);
  uint32_t *words = memory_allocate(r->L, count * sizeof(uint32_t));
  for (size_t i = 0; i < count; i++) words[i] = u32_at(bytes + 4 * i);
  return words;
}

static void read_constant(Reader *r, Value *constant) {
  switch (read_u8(r)) {
  case CONSTANT_NIL: set_nil(constant); break;
  case CONSTANT_FALSE: set_bool(constant, false); break;
  case CONSTANT_TRUE: set_bool(constant, true); break;
  case CONSTANT_INT: set_int(constant, (int64_t)read_u64(r)); break;
  case CONSTANT_FLOAT: {
    uint64_t bits = read_u64(r);
    constant->bits = bits;
    constant->tag = TAG_FLOAT;
    break;
  }
  case CONSTANT_STRING: set_str(constant, read_constant_string(r)); break;
  default: error_chunk(r->L, r->chunkname, "unknown kind of constant");
  }
}

static void read_constants(Reader *r, Proto *p) {
  uint32_t count = read_count(r, 1);
  if (count == 0) return;
  p->constants = memory_allocate(r->L, count * sizeof(Value));
  p->constant_count = count;
  for (uint32_t i = 0; i < count; i++) set_nil(&p->constants[i]);
  for (uint32_t i = 0; i < count; i++) read_constant(r, &p->constants[i]);
}

static void read_upvalues(Reader *r, Proto *p, uint8_t count, const Proto *parent) {
  if (count == 0) return;
  if (count > (size_t)(r->end - r->at) / LEAST_UPVALUE) error_chunk(r->L, r->chunkname, "truncated chunk");
  p->upvalues = memory_allocate(r->L, count * sizeof(UpvalueDesc));
  memset(p->upvalues, 0, count * sizeof(UpvalueDesc));
  p->upvalue_count = count;
  for (int i = 0; i < count; i++) {
    UpvalueDesc *u = &p->upvalues[i];
    u->in_stack = read_u8(r);
    u->index = read_u8(r);
    u->kind = read_u8(r);
    if (u->in_stack > 1 || u->kind > 2 ||
        (parent != NULL && u->index >= (u->in_stack ? parent->slots : parent->upvalue_count)))
      error_chunk(r->L, r->chunkname, "upvalue out of range");
    u->name = read_string(r);
  }
}

static void read_ranges(Reader *r, Proto *p) {
  uint32_t count = read_count(r, RANGE_NUMBERS * sizeof(uint32_t));
  if (count == 0) return;
  p->ranges = read_words(r, (size_t)count * RANGE_NUMBERS);
  p->range_count = count;
  for (uint32_t i = 0; i < count; i++)
    if (p->ranges[i * RANGE_NUMBERS] > INT32_MAX) error_chunk(r->L, r->chunkname, "line number out of range");
  p->word_ranges = read_words(r, p->word_count);
  p->lines = memory_allocate(r->L, p->word_count * sizeof(uint32_t));
  for (uint32_t i = 0; i < p->word_count; i++) {
    if (p->word_ranges[i] >= count) error_chunk(r->L, r->chunkname, "source range out of range");
    p->lines[i] = p->ranges[p->word_ranges[i] * RANGE_NUMBERS];
  }
}

static void read_locals(Reader *r, Proto *p) {
  uint32_t count = read_count(r, LEAST_LOCAL);
  if (count == 0) return;
  p->locals = memory_allocate(r->L, count * sizeof(LocalDesc));
  memset(p->locals, 0, count * sizeof(LocalDesc));
  p->local_count = count;
  for (uint32_t i = 0; i < count; i++) {
    LocalDesc *local = &p->locals[i];
    local->name = read_string(r);
    local->first_pc = read_u32(r);
    local->end_pc = read_u32(r);
    local->slot = read_u8(r);
    if (local->name == NULL || local->first_pc > local->end_pc || local->end_pc > p->word_count ||
        local->slot >= p->slots)
      error_chunk(r->L, r->chunkname, "local variable out of range");
  }
}

static void read_function(Reader *r, Proto *p, const Proto *parent, int depth) {
  Thread *L = r->L;
  if (depth > MAX_NESTING) error_chunk(L, r->chunkname, "functions nested too deep");
  p->text_number = r->text_number;
  if (parent != NULL) {
    p->position = parent->position + (p->id - parent->id);
    p->parent = parent->id;
  }
  p->name = read_string(r);
  p->source = read_string(r);
  if (p->source == NULL && parent != NULL) p->source = parent->source;
  p->first_line = read_line(r);
  p->last_line = read_line(r);
  p->parameters = read_u8(r);
  uint8_t flags = read_u8(r);
  p->is_vararg = flags & FLAG_VARARG;
  p->slots = read_u8(r);
  if (flags & ~FLAG_VARARG) error_chunk(L, r->chunkname, "unknown flags");
  if (p->slots > MAX_SLOTS || p->parameters > p->slots) error_chunk(L, r->chunkname, "too many slots");
  uint8_t upvalue_count = read_u8(r);
  uint32_t word_count = read_count(r, sizeof(uint32_t));
  if (word_count == 0) error_chunk(L, r->chunkname, "function without code");
  p->code = read_words(r, word_count);
  p->word_count = word_count;
  read_constants(r, p);
  read_upvalues(r, p, upvalue_count, parent);
  uint32_t proto_count = read_count(r, LEAST_FUNCTION);
  if (proto_count > 0) {
    p->protos = memory_allocate(L, proto_count * sizeof(Proto *));
    memset(p->protos, 0, proto_count * sizeof(Proto *));
    p->proto_count = proto_count;
    for (uint32_t i = 0; i < proto_count; i++) {
      p->protos[i] = proto_new(L);
      read_function(r, p->protos[i], p, depth + 1);
    }
  }
  read_ranges(r, p);
  read_locals(r, p);
  chunk_verify(L, p, r->chunkname);
}

LuaFn *chunk_load(Thread *L, const uint8_t *bytes, size_t length, const char *chunkname, uint32_t text_number) {
  Reader r = {L, bytes, bytes + length, chunkname, text_number, NULL};
  size_t signature_length = sizeof(CHUNK_SIGNATURE) - 1;
  if (memcmp(read_bytes(&r, signature_length), CHUNK_SIGNATURE, signature_length) != 0)
    error_chunk(L, chunkname, "not a binary chunk");
  if (memcmp(read_bytes(&r, sizeof(OPCODES_VERSION)), OPCODES_VERSION, sizeof(OPCODES_VERSION)) != 0)
    error_chunk(L, chunkname, "version mismatch");
  stack_reserve(L, 2);
  Proto *p = proto_new(L);
  Value *place = push(L); /* of the function in the end */
  set_object(place, p, TAG_PROTO);
  push_nil(L); /* the place of the long strings */
  read_function(&r, p, NULL, 0);
  if (r.at != r.end) error_chunk(L, chunkname, "bytes behind the end");
  profiler_attach(L, p);
  LuaFn *f = gc_new_object(L, TAG_LUAFN, offsetof(LuaFn, upvalues) + p->upvalue_count * sizeof(UpVal *));
  f->upvalue_count = p->upvalue_count;
  f->serial = 0;
  f->gray_next = NULL;
  f->proto = p;
  for (int i = 0; i < p->upvalue_count; i++) f->upvalues[i] = NULL;
  set_object(place, f, TAG_LUAFN);
  L->top = place + 1;
  for (int i = 0; i < p->upvalue_count; i++) {
    UpVal *u = gc_new_object(L, TAG_UPVAL, sizeof(UpVal));
    u->serial = 0;
    u->v = &u->closed;
    set_nil(&u->closed);
    f->upvalues[i] = u;
  }
  return f;
}

/* Verifying.

   The first pass looks at each instruction alone and finds where instructions start; the second looks at what needs its
   neighbours: jumps, loops, open results. The third follows the flow, for what the machine relies on and what depends on
   it: a frame that leaves by a plain RETURN or TAILCALL has no open upvalue or to-be-closed variable. */

enum { STARTS = 1, TARGET = 2, QUEUED = 4, REACHED = 8 };
#define NOTHING_OPEN 255

/* What may be true before the instruction at a word runs. */
typedef struct Word {
  uint8_t flags;
  uint8_t lowest_open; /* lowest slot that an open upvalue or a to-be-closed variable may have */
} Word;

typedef struct Verifier {
  const Proto *p;
  Word *words;
  uint32_t *queue;
  uint32_t queued;
} Verifier;

typedef struct Instruction {
  uint32_t op, a, b, c, bx, x;
  int64_t next;   /* word behind it */
  int64_t target; /* of its jump; next if it has none */
} Instruction;

static Instruction instruction_at(const Proto *p, uint32_t at) {
  uint32_t word = p->code[at];
  Instruction i = {word & 0xFF, word >> 8 & 0xFF, word >> 16 & 0xFF, word >> 24, word >> 16, 0, at + 1, 0};
  const OpcodeRow *row = &OPCODE_ROWS[i.op];
  i.next = (int64_t)at + row->words;
  i.target = i.next;
  if (row->words == 2) i.x = p->code[at + 1];
  if (row->j == KIND_JUMP) i.target += (int32_t)word >> 8;
  if (row->x == KIND_JUMP) i.target += (int32_t)i.x;
  return i;
}

/* A field by its kind; NULL if it is right. */
static const char *check_field(const Proto *p, uint8_t kind, uint32_t field) {
  switch (kind) {
  case KIND_W:
  case KIND_R:
  case KIND_M:
  case KIND_A: return field < p->slots ? NULL : "slot out of range";
  case KIND_K: return field < p->constant_count ? NULL : "constant out of range";
  case KIND_NUM:
    return field < p->constant_count && is_number(&p->constants[field]) ? NULL : "number constant expected";
  case KIND_KEY:
    field &= MAX_HINTED_KEY;
    return field < p->constant_count && p->constants[field].tag == TAG_STR ? NULL : "key constant expected";
  case KIND_U: return field < p->upvalue_count ? NULL : "upvalue out of range";
  case KIND_P: return field < p->proto_count ? NULL : "nested function out of range";
  default: return NULL;
  }
}

static const char *check_operands(const Proto *p, const Instruction *i) {
  const OpcodeRow *row = &OPCODE_ROWS[i->op];
  const uint8_t kinds[] = {row->a, row->b, row->c, row->bx, row->x};
  const uint32_t fields[] = {i->a, i->b, i->c, i->bx, i->x};
  for (int n = 0; n < 5; n++) {
    const char *problem = check_field(p, kinds[n], fields[n]);
    if (problem != NULL) return problem;
  }
  if (opcode_low(i->op, (int)i->a, (int)i->b, (int)i->c) < 0 ||
      opcode_high(i->op, (int)i->a, (int)i->b, (int)i->c) >= p->slots)
    return "slot out of range";
  switch (i->op) {
  case OP_CONCAT: return i->b >= 2 ? NULL : "too few operands";
  case OP_NEWTABLE:
    return i->b <= MAX_TABLE_FIELD_BITS + 1 && i->x <= MAX_TABLE_ITEMS ? NULL : "table too large";
  case OP_SETLIST: return i->x <= MAX_TABLE_ITEMS ? NULL : "table too large";
  case OP_VARARG: return p->is_vararg ? NULL : "no extra arguments here";
  default: return NULL;
  }
}

static const char *check_instructions(Verifier *v) {
  const Proto *p = v->p;
  for (uint32_t at = 0; at < p->word_count;) {
    uint32_t op = p->code[at] & 0xFF;
    if (op >= OPCODE_COUNT) return "unknown opcode";
    if (OPCODE_ROWS[op].words > p->word_count - at) return "truncated instruction";
    Instruction i = instruction_at(p, at);
    const char *problem = check_operands(p, &i);
    if (problem != NULL) return problem;
    if ((OPCODE_ROWS[op].flow == FLOW_NEXT || OPCODE_ROWS[op].flow == FLOW_BRANCH) && i.next >= p->word_count)
      return "code without an end";
    if (i.target < 0 || (i.target != i.next && i.target >= p->word_count)) return "jump out of range";
    v->words[at].flags |= STARTS;
    at = (uint32_t)i.next;
  }
  return NULL;
}

/* Whether an instruction with this opcode and A starts at a word. */
static bool stands_at(const Verifier *v, int64_t at, uint32_t op, uint32_t a) {
  return at >= 0 && at < v->p->word_count && (v->words[at].flags & STARTS) &&
         (v->p->code[at] & 0xFFFF) == (op | a << 8);
}

static const char *check_loop(const Verifier *v, const Instruction *i) {
  bool right = true;
  if (i->op == OP_TFORPREP) right = i->target >= i->next && stands_at(v, i->target, OP_TFORCALL, i->a);
  if (i->op == OP_TFORCALL) right = stands_at(v, i->next, OP_TFORLOOP, i->a);
  return right ? NULL : "broken loop";
}

static const char *check_neighbours(Verifier *v) {
  const Proto *p = v->p;
  for (uint32_t at = 0; at < p->word_count;) {
    Instruction i = instruction_at(p, at);
    if (OPCODE_ROWS[i.op].flow == FLOW_BRANCH || OPCODE_ROWS[i.op].flow == FLOW_JUMP) {
      if (i.target >= p->word_count || !(v->words[i.target].flags & STARTS)) return "jump out of range";
      v->words[i.target].flags |= TARGET;
      const char *problem = check_loop(v, &i);
      if (problem != NULL) return problem;
    } else if (i.op == OP_TFORCALL) {
      const char *problem = check_loop(v, &i);
      if (problem != NULL) return problem;
    }
    at = (uint32_t)i.next;
  }
  int open_from = -1;
  for (uint32_t at = 0; at < p->word_count;) {
    Instruction i = instruction_at(p, at);
    int a = (int)i.a, b = (int)i.b, c = (int)i.c, least = opcode_takes_open(i.op, a, b, c);
    if ((least >= 0) != (open_from >= 0) || least > open_from) return "open results out of place";
    if (least >= 0 && (v->words[at].flags & TARGET)) return "jump to open results";
    open_from = opcode_leaves_open(i.op, a, b, c);
    at = (uint32_t)i.next;
  }
  return NULL;
}

/* Lowest slot that a closure of nested function `n` captures. */
static uint8_t lowest_captured(const Proto *p, uint32_t n) {
  uint8_t lowest = NOTHING_OPEN;
  const Proto *nested = p->protos[n];
  for (int i = 0; i < nested->upvalue_count; i++)
    if (nested->upvalues[i].in_stack && nested->upvalues[i].index < lowest) lowest = nested->upvalues[i].index;
  return lowest;
}

static void flow_to(Verifier *v, int64_t to, uint8_t lowest_open) {
  Word *word = &v->words[to];
  if ((word->flags & REACHED) && lowest_open >= word->lowest_open) return;
  word->lowest_open = lowest_open;
  word->flags |= REACHED;
  if (!(word->flags & QUEUED)) {
    word->flags |= QUEUED;
    v->queue[v->queued++] = (uint32_t)to;
  }
}

static const char *check_flow(Verifier *v) {
  const Proto *p = v->p;
  flow_to(v, 0, NOTHING_OPEN);
  while (v->queued > 0) {
    uint32_t at = v->queue[--v->queued];
    v->words[at].flags &= (uint8_t)~QUEUED;
    uint8_t lowest_open = v->words[at].lowest_open;
    Instruction i = instruction_at(p, at);
    uint32_t opened = NOTHING_OPEN;
    switch (i.op) {
    case OP_CLOSURE: opened = lowest_captured(p, i.bx); break;
    case OP_TBC: opened = i.a; break;
    case OP_TFORPREP: opened = i.a + 3; break;
    case OP_CLOSE:
      if (lowest_open >= i.a) lowest_open = NOTHING_OPEN;
      break;
    case OP_RETURN:
    case OP_RETURN0:
    case OP_RETURN1:
    case OP_TAILCALL:
      if (lowest_open != NOTHING_OPEN) return "variables left open";
      break;
    default: break;
    }
    if (opened < lowest_open) lowest_open = (uint8_t)opened;
    uint8_t flow = OPCODE_ROWS[i.op].flow;
    if (flow == FLOW_NEXT || flow == FLOW_BRANCH) flow_to(v, i.next, lowest_open);
    if (flow == FLOW_JUMP || flow == FLOW_BRANCH) flow_to(v, i.target, lowest_open);
  }
  return NULL;
}

static bool may_leave_open(const Proto *p) {
  for (uint32_t at = 0; at < p->word_count; at += OPCODE_ROWS[p->code[at] & 0xFF].words) {
    uint32_t op = p->code[at] & 0xFF;
    if (op == OP_TBC || op == OP_TFORPREP || op == OP_CLOSURE) return true;
  }
  return false;
}

void chunk_verify(Thread *L, const Proto *p, const char *chunkname) {
  Verifier v = {p, NULL, NULL, 0};
  v.words = memory_allocate(L, p->word_count * sizeof(Word));
  memset(v.words, 0, p->word_count * sizeof(Word));
  const char *problem = check_instructions(&v);
  bool is_out_of_memory = false;
  if (problem == NULL) problem = check_neighbours(&v);
  if (problem == NULL && may_leave_open(p)) {
    v.queue = memory_try_resize(L->vm, NULL, 0, p->word_count * sizeof(uint32_t));
    is_out_of_memory = v.queue == NULL;
    if (!is_out_of_memory) {
      problem = check_flow(&v);
      memory_free(L->vm, v.queue, p->word_count * sizeof(uint32_t));
    }
  }
  memory_free(L->vm, v.words, p->word_count * sizeof(Word));
  if (is_out_of_memory) error_memory(L);
  if (problem != NULL) error_chunk(L, chunkname, problem);
}

/* Writing */

typedef struct Writer {
  void (*write)(void *context, const void *bytes, size_t length);
  void *context;
  bool strip;
} Writer;

static void write_u8(Writer *w, uint8_t n) { w->write(w->context, &n, 1); }

static void write_u32(Writer *w, uint32_t n) {
  uint8_t bytes[4] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)};
  w->write(w->context, bytes, sizeof(bytes));
}

static void write_u64(Writer *w, uint64_t n) {
  write_u32(w, (uint32_t)n);
  write_u32(w, (uint32_t)(n >> 32));
}

static void write_words(Writer *w, const uint32_t *words, size_t count) {
  for (size_t i = 0; i < count; i++) write_u32(w, words[i]);
}

static void write_string(Writer *w, const Str *s) {
  if (s == NULL) {
    write_u32(w, ABSENT);
  } else {
    write_u32(w, (uint32_t)str_length(s));
    w->write(w->context, s->text, str_length(s));
  }
}

static void write_constant(Writer *w, const Value *constant) {
  switch (constant->tag) {
  case TAG_NIL: write_u8(w, CONSTANT_NIL); break;
  case TAG_FALSE: write_u8(w, CONSTANT_FALSE); break;
  case TAG_TRUE: write_u8(w, CONSTANT_TRUE); break;
  case TAG_INT:
    write_u8(w, CONSTANT_INT);
    write_u64(w, constant->bits);
    break;
  case TAG_FLOAT:
    write_u8(w, CONSTANT_FLOAT);
    write_u64(w, constant->bits);
    break;
  default:
    write_u8(w, CONSTANT_STRING);
    write_string(w, constant->str);
    break;
  }
}

/* Inline-cache hints are the machine's memory of a run, not part of the code. */
static void write_code(Writer *w, const Proto *p) {
  write_u32(w, p->word_count);
  for (uint32_t at = 0; at < p->word_count;) {
    const OpcodeRow *row = &OPCODE_ROWS[p->code[at] & 0xFF];
    write_u32(w, p->code[at]);
    if (row->words == 2) write_u32(w, row->x == KIND_KEY ? p->code[at + 1] & MAX_HINTED_KEY : p->code[at + 1]);
    at += row->words;
  }
}

static void write_function(Writer *w, const Proto *p, const Proto *parent) {
  bool source_known = w->strip || (parent != NULL && parent->source == p->source);
  write_string(w, w->strip ? NULL : p->name);
  write_string(w, source_known ? NULL : p->source);
  write_u32(w, (uint32_t)p->first_line);
  write_u32(w, (uint32_t)p->last_line);
  write_u8(w, p->parameters);
  write_u8(w, p->is_vararg ? FLAG_VARARG : 0);
  write_u8(w, p->slots);
  write_u8(w, p->upvalue_count);
  write_code(w, p);
  write_u32(w, p->constant_count);
  for (uint32_t i = 0; i < p->constant_count; i++) write_constant(w, &p->constants[i]);
  for (int i = 0; i < p->upvalue_count; i++) {
    write_u8(w, p->upvalues[i].in_stack);
    write_u8(w, p->upvalues[i].index);
    write_u8(w, p->upvalues[i].kind);
    write_string(w, w->strip ? NULL : p->upvalues[i].name);
  }
  write_u32(w, p->proto_count);
  for (uint32_t i = 0; i < p->proto_count; i++) write_function(w, p->protos[i], p);
  write_u32(w, w->strip ? 0 : p->range_count);
  if (!w->strip && p->range_count > 0) {
    write_words(w, p->ranges, (size_t)p->range_count * RANGE_NUMBERS);
    write_words(w, p->word_ranges, p->word_count);
  }
  write_u32(w, w->strip ? 0 : p->local_count);
  for (uint32_t i = 0; !w->strip && i < p->local_count; i++) {
    write_string(w, p->locals[i].name);
    write_u32(w, p->locals[i].first_pc);
    write_u32(w, p->locals[i].end_pc);
    write_u8(w, p->locals[i].slot);
  }
}

void chunk_dump(Thread *L, const Proto *p, bool strip, void (*write)(void *context, const void *bytes, size_t length),
                void *context) {
  (void)L;
  Writer w = {write, context, strip};
  write(context, CHUNK_SIGNATURE, sizeof(CHUNK_SIGNATURE) - 1);
  write(context, OPCODES_VERSION, sizeof(OPCODES_VERSION));
  write_function(&w, p, NULL);
}
