/* The mathematical library, with the pseudo-random generator xoshiro256**. */
#include <float.h>
#include <math.h>
#include <time.h>

#include "api.h"
#include "profiler/profiler.h"

#define PI 3.141592653589793238462643383279502884

static inline double number(Thread *L, const Value *args, int count, int n) {
  if (n <= count && is_int(&args[n - 1])) return (double)args[n - 1].i;
  return arg_float(L, args, count, n);
}

static inline int give_float(Thread *L, double n) {
  push_float(L, n);
  return 1;
}

/* An integral float as an integer if it fits. */
static inline int give_integral(Thread *L, double n) {
  if (LIKELY(n >= -0x1p63 && n < 0x1p63))
    push_int(L, (int64_t)n);
  else
    push_float(L, n);
  return 1;
}

static inline bool int_at(const Value *args, int count, int n) { return n <= count && is_int(&args[n - 1]); }

static int math_abs(Thread *L, Value *args, int count) {
  if (int_at(args, count, 1)) {
    int64_t n = args[0].i;
    push_int(L, n < 0 ? (int64_t)(0u - (uint64_t)n) : n);
    return 1;
  }
  return give_float(L, fabs(number(L, args, count, 1)));
}

static int math_acos(Thread *L, Value *args, int count) { return give_float(L, acos(number(L, args, count, 1))); }
static int math_asin(Thread *L, Value *args, int count) { return give_float(L, asin(number(L, args, count, 1))); }
static int math_cos(Thread *L, Value *args, int count) { return give_float(L, cos(number(L, args, count, 1))); }
static int math_exp(Thread *L, Value *args, int count) { return give_float(L, exp(number(L, args, count, 1))); }
static int math_sin(Thread *L, Value *args, int count) { return give_float(L, sin(number(L, args, count, 1))); }
static int math_sqrt(Thread *L, Value *args, int count) { return give_float(L, sqrt(number(L, args, count, 1))); }
static int math_tan(Thread *L, Value *args, int count) { return give_float(L, tan(number(L, args, count, 1))); }

static int math_atan(Thread *L, Value *args, int count) {
  double y = number(L, args, count, 1);
  double x = absent_or_nil(args, count, 2) ? 1.0 : number(L, args, count, 2);
  return give_float(L, atan2(y, x));
}

static int math_deg(Thread *L, Value *args, int count) {
  return give_float(L, number(L, args, count, 1) * (180.0 / PI));
}

static int math_rad(Thread *L, Value *args, int count) {
  return give_float(L, number(L, args, count, 1) * (PI / 180.0));
}

static int math_ceil(Thread *L, Value *args, int count) {
  if (!int_at(args, count, 1)) return give_integral(L, ceil(number(L, args, count, 1)));
  push_value(L, &args[0]);
  return 1;
}

static int math_floor(Thread *L, Value *args, int count) {
  if (!int_at(args, count, 1)) return give_integral(L, floor(number(L, args, count, 1)));
  push_value(L, &args[0]);
  return 1;
}

static int math_fmod(Thread *L, Value *args, int count) {
  if (!int_at(args, count, 1) || !int_at(args, count, 2)) {
    double divisor = number(L, args, count, 2);
    return give_float(L, fmod(number(L, args, count, 1), divisor));
  }
  int64_t divisor = args[1].i;
  if (divisor == 0) error_argument(L, 2, "zero");
  push_int(L, divisor == -1 ? 0 : args[0].i % divisor); /* the smallest integer by -1 would overflow */
  return 1;
}

static int math_log(Thread *L, Value *args, int count) {
  double x = number(L, args, count, 1);
  if (absent_or_nil(args, count, 2)) return give_float(L, log(x));
  double base = number(L, args, count, 2);
  if (base == 2.0) return give_float(L, log2(x));
  if (base == 10.0) return give_float(L, log10(x));
  return give_float(L, log(x) / log(base));
}

static inline bool less_number(Thread *L, const Value *a, const Value *b) {
  if (is_int(a) && is_int(b)) return a->i < b->i;
  if (is_float(a) && is_float(b)) return a->n < b->n;
  return value_less(L, a, b);
}

static int math_max(Thread *L, Value *args, int count) {
  int largest = 0;
  arg_any(L, args, count, 1);
  for (int i = 1; i < count; i++)
    if (less_number(L, &thread_args(L)[largest], &thread_args(L)[i])) largest = i;
  push_value(L, thread_args(L) + largest);
  return 1;
}

static int math_min(Thread *L, Value *args, int count) {
  int smallest = 0;
  arg_any(L, args, count, 1);
  for (int i = 1; i < count; i++)
    if (less_number(L, &thread_args(L)[i], &thread_args(L)[smallest])) smallest = i;
  push_value(L, thread_args(L) + smallest);
  return 1;
}

static int math_modf(Thread *L, Value *args, int count) {
  if (int_at(args, count, 1)) {
    push_value(L, &args[0]);
    push_float(L, 0.0);
  } else {
    double n = number(L, args, count, 1);
    double integral = n < 0 ? ceil(n) : floor(n);
    give_integral(L, integral);
    push_float(L, n == integral ? 0.0 : n - integral);
  }
  return 2;
}

static int math_tointeger(Thread *L, Value *args, int count) {
  int64_t n;
  arg_any(L, args, count, 1);
  if (value_to_int(&args[0], &n))
    push_int(L, n);
  else
    push_nil(L);
  return 1;
}

/* The upvalues are "integer" and "float". */
static int math_type(Thread *L, Value *args, int count) {
  arg_any(L, args, count, 1);
  if (is_number(&args[0]))
    push_value(L, &running_function(L)->upvalues[is_float(&args[0])]);
  else
    push_nil(L);
  return 1;
}

static int math_ult(Thread *L, Value *args, int count) {
  uint64_t a = (uint64_t)arg_int(L, args, count, 1);
  push_bool(L, a < (uint64_t)arg_int(L, args, count, 2));
  return 1;
}

/* What programs written for older versions of Lua still call. */

static int math_cosh(Thread *L, Value *args, int count) { return give_float(L, cosh(number(L, args, count, 1))); }
static int math_sinh(Thread *L, Value *args, int count) { return give_float(L, sinh(number(L, args, count, 1))); }
static int math_tanh(Thread *L, Value *args, int count) { return give_float(L, tanh(number(L, args, count, 1))); }
static int math_log10(Thread *L, Value *args, int count) { return give_float(L, log10(number(L, args, count, 1))); }

static int math_pow(Thread *L, Value *args, int count) {
  double x = number(L, args, count, 1);
  return give_float(L, pow(x, number(L, args, count, 2)));
}

static int math_frexp(Thread *L, Value *args, int count) {
  int exponent;
  push_float(L, frexp(number(L, args, count, 1), &exponent));
  push_int(L, exponent);
  return 2;
}

static int math_ldexp(Thread *L, Value *args, int count) {
  double x = number(L, args, count, 1);
  return give_float(L, ldexp(x, (int)arg_int(L, args, count, 2)));
}

/* The generator's state: xoshiro256** by Blackman and Vigna. */
typedef struct Random {
  uint64_t s[4];
} Random;

static inline uint64_t rotate_left(uint64_t x, int n) { return x << n | x >> (64 - n); }

static uint64_t random_next(Random *r) {
  uint64_t *s = r->s;
  uint64_t result = rotate_left(s[1] * 5, 7) * 9;
  uint64_t shifted = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= shifted;
  s[3] = rotate_left(s[3], 45);
  return result;
}

static void random_seed(Random *r, uint64_t a, uint64_t b) {
  r->s[0] = a;
  r->s[1] = 0xFF;
  r->s[2] = b;
  r->s[3] = 0;
  for (int i = 0; i < 16; i++) random_next(r);
}

/* A uniform integer in [0, limit] from random bits, drawing more as long as they are beyond it. */
static uint64_t random_project(Random *r, uint64_t bits, uint64_t limit) {
  if ((limit & (limit + 1)) == 0) return bits & limit;
  uint64_t mask = limit;
  for (int shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
  while ((bits &= mask) > limit) bits = random_next(r);
  return bits;
}

static inline Random *running_random(Thread *L) { return running_function(L)->upvalues[0].userdata->data; }

static int math_random(Thread *L, Value *args, int count) {
  Random *r = running_random(L);
  uint64_t bits = random_next(r);
  int64_t low = 1, high;
  switch (count) {
  case 0: return give_float(L, (double)(bits >> (64 - DBL_MANT_DIG)) * (0.5 / (UINT64_C(1) << (DBL_MANT_DIG - 1))));
  case 1:
    high = arg_int(L, args, count, 1);
    if (high == 0) {
      push_int(L, (int64_t)bits);
      return 1;
    }
    break;
  case 2:
    low = arg_int(L, args, count, 1);
    high = arg_int(L, args, count, 2);
    break;
  default: error_library(L, "wrong number of arguments");
  }
  if (low > high) error_argument(L, 1, "interval is empty");
  push_int(L, (int64_t)(random_project(r, bits, (uint64_t)high - (uint64_t)low) + (uint64_t)low));
  return 1;
}

/* Two machines that a process makes in one second may be at one address: a fine clock keeps their numbers apart. */
static void seed_from_time(Thread *L, Random *r, uint64_t *a, uint64_t *b) {
  *a = (uint64_t)time(NULL);
  *b = (uint64_t)(uintptr_t)L ^ profiler_now_ns();
  random_seed(r, *a, *b);
}

static int math_randomseed(Thread *L, Value *args, int count) {
  Random *r = running_random(L);
  uint64_t a, b;
  if (count == 0) {
    seed_from_time(L, r, &a, &b);
  } else {
    a = (uint64_t)arg_int(L, args, count, 1);
    b = (uint64_t)arg_int_or(L, args, count, 2, 0);
    random_seed(r, a, b);
  }
  push_int(L, (int64_t)a);
  push_int(L, (int64_t)b);
  return 2;
}

static const LibraryEntry entries[] = {
  {"abs", math_abs, SPECIAL_NONE},
  {"acos", math_acos, SPECIAL_NONE},
  {"asin", math_asin, SPECIAL_NONE},
  {"atan", math_atan, SPECIAL_NONE},
  {"atan2", math_atan, SPECIAL_NONE},
  {"ceil", math_ceil, SPECIAL_NONE},
  {"cos", math_cos, SPECIAL_NONE},
  {"cosh", math_cosh, SPECIAL_NONE},
  {"deg", math_deg, SPECIAL_NONE},
  {"exp", math_exp, SPECIAL_NONE},
  {"floor", math_floor, SPECIAL_NONE},
  {"fmod", math_fmod, SPECIAL_NONE},
  {"frexp", math_frexp, SPECIAL_NONE},
  {"ldexp", math_ldexp, SPECIAL_NONE},
  {"log", math_log, SPECIAL_NONE},
  {"log10", math_log10, SPECIAL_NONE},
  {"max", math_max, SPECIAL_NONE},
  {"min", math_min, SPECIAL_NONE},
  {"modf", math_modf, SPECIAL_NONE},
  {"pow", math_pow, SPECIAL_NONE},
  {"rad", math_rad, SPECIAL_NONE},
  {"sin", math_sin, SPECIAL_NONE},
  {"sinh", math_sinh, SPECIAL_NONE},
  {"sqrt", math_sqrt, SPECIAL_NONE},
  {"tan", math_tan, SPECIAL_NONE},
  {"tanh", math_tanh, SPECIAL_NONE},
  {"tointeger", math_tointeger, SPECIAL_NONE},
  {"ult", math_ult, SPECIAL_NONE},
  {NULL, NULL, SPECIAL_NONE},
};

void open_math(Thread *L) {
  Table *library = library_new(L, "math", entries);
  push_text(L, "integer");
  push_text(L, "float");
  push_function(L, math_type, "math.type", 2);
  set_from_top(L, library, "type");

  uint64_t a, b;
  Userdata *state = push_userdata(L, sizeof(Random), 0);
  seed_from_time(L, state->data, &a, &b);
  push_value(L, L->top - 1);
  push_function(L, math_random, "math.random", 1);
  set_from_top(L, library, "random");
  push_function(L, math_randomseed, "math.randomseed", 1);
  set_from_top(L, library, "randomseed");

  push_float(L, PI);
  set_from_top(L, library, "pi");
  push_float(L, HUGE_VAL);
  set_from_top(L, library, "huge");
  push_int(L, INT64_MAX);
  set_from_top(L, library, "maxinteger");
  push_int(L, INT64_MIN);
  set_from_top(L, library, "mininteger");
  L->top--;
}
