/* A Lua value: eight bytes of payload and a 32-bit tag in sixteen bytes, copied as two scalar moves. */
#ifndef PERILUNE_VALUE_H
#define PERILUNE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define NORETURN __attribute__((noreturn))
#define NOINLINE __attribute__((noinline))
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#else
#define LIKELY(x) (x)
#define UNLIKELY(x) (x)
#define NORETURN _Noreturn
#define NOINLINE
#define ALWAYS_INLINE static inline
#endif

/* The order carries meaning: false and nil come first (a falsy test is one comparison), the numbers are neighbours,
   collectable objects come last. */
enum Tag {
  TAG_NIL,
  TAG_FALSE,
  TAG_TRUE,
  TAG_INT,
  TAG_FLOAT,
  TAG_LIGHT, /* light userdata: a pointer of C code, or a number that stands for something (serial.h) */
  TAG_STR,   /* interned short string: equal means identical */
  TAG_LONGSTR,
  TAG_TABLE,
  TAG_LUAFN,
  TAG_CFN,
  TAG_USERDATA,
  TAG_THREAD,
  TAG_UPVAL,  /* never in a Lua-visible value */
  TAG_PROTO,  /* never in a Lua-visible value */
  TAG_DEADKEY /* key of a removed table entry whose object may be gone; the payload still tells it from others */
};

typedef struct Object Object;
typedef struct Str Str;
typedef struct Table Table;
typedef struct LuaFn LuaFn;
typedef struct CFn CFn;
typedef struct Userdata Userdata;
typedef struct Thread Thread;
typedef struct UpVal UpVal;
typedef struct Proto Proto;
typedef struct VM VM;

/* Payloads are compared as 64 bits: where a pointer has 32, they are the low ones, and set_object makes the others 0. */
#if UINTPTR_MAX == UINT32_MAX && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define PAYLOAD_POINTER(type, name) \
  struct {                          \
    uint32_t above_##name;          \
    type *name;                     \
  }
#else
#define PAYLOAD_POINTER(type, name) type *name
#endif

typedef struct Value {
  union {
    int64_t i;
    double n;
    uint64_t bits;
    PAYLOAD_POINTER(Object, object);
    PAYLOAD_POINTER(Str, str);
    PAYLOAD_POINTER(Table, table);
    PAYLOAD_POINTER(LuaFn, luafn);
    PAYLOAD_POINTER(CFn, cfn);
    PAYLOAD_POINTER(Userdata, userdata);
    PAYLOAD_POINTER(Thread, thread);
  };
  uint32_t tag;
  uint32_t spare; /* belongs to the place, not to the value: value_copy leaves it alone */
} Value;

_Static_assert(sizeof(Value) == 16, "a value has sixteen bytes");

static inline void value_copy(Value *to, const Value *from) {
  uint64_t bits = from->bits;
  uint32_t tag = from->tag;
  to->bits = bits;
  to->tag = tag;
}

static inline void set_nil(Value *v) { v->tag = TAG_NIL; }
static inline void set_bool(Value *v, bool b) { v->tag = b ? TAG_TRUE : TAG_FALSE; }
static inline void set_int(Value *v, int64_t i) {
  v->i = i;
  v->tag = TAG_INT;
}
static inline void set_float(Value *v, double n) {
  v->n = n;
  v->tag = TAG_FLOAT;
}
static inline void set_light(Value *v, uint64_t bits) {
  v->bits = bits;
  v->tag = TAG_LIGHT;
}
/* The only way to put a pointer into a value. */
static inline void set_object(Value *v, const void *object, uint32_t tag) {
  v->bits = (uintptr_t)object;
  v->tag = tag;
}

static inline bool is_nil(const Value *v) { return v->tag == TAG_NIL; }
static inline bool is_falsy(const Value *v) { return v->tag <= TAG_FALSE; }
static inline bool is_bool(const Value *v) { return v->tag - TAG_FALSE <= 1u; }
static inline bool is_int(const Value *v) { return v->tag == TAG_INT; }
static inline bool is_float(const Value *v) { return v->tag == TAG_FLOAT; }
static inline bool is_number(const Value *v) { return v->tag - TAG_INT <= 1u; }
static inline bool is_string(const Value *v) { return v->tag - TAG_STR <= 1u; }
static inline bool is_table(const Value *v) { return v->tag == TAG_TABLE; }
static inline bool is_function(const Value *v) { return v->tag - TAG_LUAFN <= 1u; }
static inline bool is_collectable(const Value *v) { return v->tag >= TAG_STR; }

#endif
