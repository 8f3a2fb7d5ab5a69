/* Numbers: reading numerals, writing numbers, converting between integers, floats and strings. */
#include "number.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

/* A double's value is decided by its first 768 significant decimal digits and whether any of the rest is not zero. */
#define DECISIVE_DIGITS 770
#define HUGE_EXPONENT 1000000 /* beyond any double, whatever the digits; keeps sums from overflowing */

static const double powers_of_10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
#define EXACT_POWER 22

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 Wide;

#define MAX_POWER_OF_5 27

static const uint64_t powers_of_5[MAX_POWER_OF_5 + 1] = {1u,
                                                         5u,
                                                         25u,
                                                         125u,
                                                         625u,
                                                         3125u,
                                                         15625u,
                                                         78125u,
                                                         390625u,
                                                         1953125u,
                                                         9765625u,
                                                         48828125u,
                                                         244140625u,
                                                         1220703125u,
                                                         6103515625u,
                                                         30517578125u,
                                                         152587890625u,
                                                         762939453125u,
                                                         3814697265625u,
                                                         19073486328125u,
                                                         95367431640625u,
                                                         476837158203125u,
                                                         2384185791015625u,
                                                         11920928955078125u,
                                                         59604644775390625u,
                                                         298023223876953125u,
                                                         1490116119384765625u,
                                                         7450580596923828125u};
#endif

static inline bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static inline bool is_digit(char c) { return (unsigned char)(c - '0') < 10; }

static inline int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  unsigned letter = (unsigned char)(c | 0x20) - 'a';
  return letter < 6 ? (int)letter + 10 : -1;
}

static const char *skip_space(const char *s, const char *end) {
  while (s < end && is_space(*s)) s++;
  return s;
}

/* Reads the digits of an exponent, sign included; NULL if there are none. */
static const char *read_exponent(const char *s, const char *end, int64_t *exponent) {
  bool negative = s < end && *s == '-';
  if (s < end && (*s == '-' || *s == '+')) s++;
  if (s >= end || !is_digit(*s)) return NULL;
  int64_t e = 0;
  for (; s < end && is_digit(*s); s++)
    if (e < ((int64_t)1 << 48)) e = e * 10 + (*s - '0');
  *exponent = negative ? -e : e;
  return s;
}

/* mantissa * 2^exponent, rounded once; the lowest bit of a mantissa of 61 bits or more stands for all that follow. */
static double scale_binary(uint64_t mantissa, int64_t exponent) {
  if (mantissa == 0) return 0;
  int bits = bit_length(mantissa);
  int64_t top = bits + exponent; /* the value is below 2^top */
  if (top > DBL_MAX_EXP) return HUGE_VAL;
  int64_t kept = top - (DBL_MIN_EXP - DBL_MANT_DIG); /* bits that a subnormal result has room for */
  if (kept >= DBL_MANT_DIG || kept >= bits) return ldexp((double)mantissa, (int)exponent);
  if (kept < 0) return 0;
  int dropped = bits - (int)kept;
  uint64_t whole = dropped == 64 ? 0 : mantissa >> dropped;
  uint64_t rest = dropped == 64 ? mantissa : mantissa & (((uint64_t)1 << dropped) - 1);
  uint64_t half = (uint64_t)1 << (dropped - 1);
  if (rest > half || (rest == half && (whole & 1))) whole++;
  return ldexp((double)whole, DBL_MIN_EXP - DBL_MANT_DIG);
}

/* Reads what follows "0x". */
static const char *read_hexadecimal(const char *s, const char *end, bool negative, Value *result) {
  uint64_t integer = 0;  /* wrapping */
  uint64_t mantissa = 0; /* the first 16 significant digits */
  int64_t exponent = 0;
  bool digits = false, point = false;
  int significant = 0;
  for (; s < end; s++) {
    int d = hex_digit(*s);
    if (d < 0) {
      if (*s != '.' || point) break;
      point = true;
      continue;
    }
    digits = true;
    integer = integer << 4 | (unsigned)d;
    if (significant < 16) {
      mantissa = mantissa << 4 | (unsigned)d;
      if (mantissa != 0) significant++;
      if (point) exponent -= 4;
    } else {
      if (d != 0) mantissa |= 1;
      if (!point) exponent += 4;
    }
  }
  if (!digits) return NULL;
  bool has_exponent = s < end && (*s | 0x20) == 'p';
  if (!point && !has_exponent) {
    set_int(result, (int64_t)(negative ? 0 - integer : integer));
    return s;
  }
  if (has_exponent) {
    int64_t more = 0;
    s = read_exponent(s + 1, end, &more);
    if (!s) return NULL;
    exponent += more;
  }
  double n = scale_binary(mantissa, exponent);
  set_float(result, negative ? -n : n);
  return s;
}

/* The digits between `first` and `end` (and a point among them) times 10^exponent, by strtod. The text it gets has no
   point in it, so the locale's does not matter. */
static double read_slowly(const char *first, const char *end, int64_t exponent) {
  char text[DECISIVE_DIGITS + 32];
  size_t length = 0;
  bool point = false, more = false;
  for (const char *s = first; s < end; s++) {
    if (*s == '.') {
      point = true;
    } else if (length == 0 && *s == '0') {
      if (point) exponent--;
    } else if (length < DECISIVE_DIGITS) {
      text[length++] = *s;
      if (point) exponent--;
    } else {
      more |= *s != '0';
      if (!point) exponent++;
    }
  }
  if (length == 0) return 0;
  if (more) {
    text[length++] = '1';
    exponent--;
  }
  if (exponent > HUGE_EXPONENT) exponent = HUGE_EXPONENT;
  if (exponent < -HUGE_EXPONENT) exponent = -HUGE_EXPONENT;
  snprintf(text + length, sizeof text - length, "e%d", (int)exponent);
  return strtod(text, NULL);
}

#ifdef __SIZEOF_INT128__
#define WIDE_POWER MAX_POWER_OF_5

/* mantissa * 10^power, correctly rounded: the factor's power of 5 is applied in 128 bits, of which the upper 64 and
   whether the rest is zero are enough. */
static double scale_by_10(uint64_t mantissa, int power) {
  int exponent = power;
  bool inexact = false;
  Wide wide;
  if (power >= 0) {
    wide = (Wide)mantissa * powers_of_5[power];
  } else {
    int unused = 64 - bit_length(mantissa);
    Wide numerator = (Wide)(mantissa << unused) << 64;
    exponent -= unused + 64;
    wide = numerator / powers_of_5[-power];
    inexact = wide * powers_of_5[-power] != numerator;
  }
  int excess = bit_length((uint64_t)(wide >> 64));
  uint64_t upper = (uint64_t)(wide >> excess);
  inexact |= (Wide)upper << excess != wide;
  return scale_binary(upper | inexact, exponent + excess);
}
#else
#define WIDE_POWER -1
static double scale_by_10(uint64_t mantissa, int power) { return (double)mantissa + power; } /* never called */
#endif

static const char *read_decimal(const char *s, const char *end, bool negative, Value *result) {
  const char *first = s;
  uint64_t mantissa = 0;
  int significant = 0; /* digits in mantissa */
  int64_t exponent = 0;
  bool digits = false, point = false, exact = true;
  for (; s < end; s++) {
    if (!is_digit(*s)) {
      if (*s != '.' || point) break;
      point = true;
      continue;
    }
    digits = true;
    if (significant < 19) {
      mantissa = mantissa * 10 + (unsigned)(*s - '0');
      if (mantissa != 0) significant++;
      if (point) exponent--;
    } else {
      exact = false;
    }
  }
  if (!digits) return NULL;
  const char *last = s;
  bool has_exponent = s < end && (*s | 0x20) == 'e';
  if (!point && !has_exponent && exact && mantissa <= (uint64_t)INT64_MAX + negative) {
    set_int(result, (int64_t)(negative ? 0 - mantissa : mantissa));
    return s;
  }
  int64_t more = 0;
  if (has_exponent) {
    s = read_exponent(s + 1, end, &more);
    if (!s) return NULL;
  }
  exponent += more;
  double n;
  /* Both factors are exact, so the one operation rounds correctly. */
  if (FLT_EVAL_METHOD == 0 && exact && mantissa <= (uint64_t)1 << DBL_MANT_DIG && exponent <= EXACT_POWER &&
      exponent >= -EXACT_POWER)
    n = exponent < 0 ? (double)mantissa / powers_of_10[-exponent] : (double)mantissa * powers_of_10[exponent];
  else if (exact && mantissa != 0 && exponent <= WIDE_POWER && exponent >= -WIDE_POWER)
    n = scale_by_10(mantissa, (int)exponent);
  else
    n = read_slowly(first, last, more);
  set_float(result, negative ? -n : n);
  return s;
}

bool number_read(const char *text, size_t length, Value *result) {
  const char *end = text + length;
  const char *s = skip_space(text, end);
  bool negative = s < end && *s == '-';
  if (s < end && (*s == '-' || *s == '+')) s++;
  if (end - s >= 2 && s[0] == '0' && (s[1] | 0x20) == 'x')
    s = read_hexadecimal(s + 2, end, negative, result);
  else
    s = read_decimal(s, end, negative, result);
  return s && skip_space(s, end) == end;
}

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                                  "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                                  "8081828384858687888990919293949596979899";

/* Writes the digits so that they end just before `end`; returns where they begin. */
static char *digits_before(char *end, uint64_t u) {
  while (u >= 100) {
    end -= 2;
    memcpy(end, digit_pairs + u % 100 * 2, 2);
    u /= 100;
  }
  if (u >= 10) {
    end -= 2;
    memcpy(end, digit_pairs + u * 2, 2);
  } else {
    *--end = (char)('0' + u);
  }
  return end;
}

size_t int_write(char text[NUMBER_TEXT], int64_t i) {
  char digits[24];
  char *end = digits + sizeof digits;
  char *first = digits_before(end, i < 0 ? 0 - (uint64_t)i : (uint64_t)i);
  if (i < 0) *--first = '-';
  size_t length = (size_t)(end - first);
  memcpy(text, first, length);
  text[length] = '\0';
  return length;
}

#ifdef __SIZEOF_INT128__
/* |n| * 10^power rounded to an integer, halves to even, as printf rounds. The product with 5^power is exact in 128 bits
   (53 and 63 are needed), the rest is a shift. The caller makes sure that the result fits in 64 bits. */
static uint64_t scale_decimal(double n, int power) {
  uint64_t bits;
  memcpy(&bits, &n, sizeof bits);
  uint64_t mantissa = bits & (((uint64_t)1 << 52) - 1);
  int exponent = (int)(bits >> 52 & 0x7FF);
  if (exponent != 0)
    mantissa |= (uint64_t)1 << 52;
  else
    exponent = 1;
  int shift = exponent - 1075 + power;
  Wide product = (Wide)mantissa * powers_of_5[power];
  if (shift >= 0) return (uint64_t)(product << shift);
  shift = -shift;
  if (shift > 127) return 0;
  uint64_t whole = (uint64_t)(product >> shift);
  Wide rest = product & (((Wide)1 << shift) - 1);
  Wide half = (Wide)1 << (shift - 1);
  return whole + (rest > half || (rest == half && (whole & 1)));
}

size_t float_write_fixed(char text[NUMBER_TEXT], double n, int precision) {
  if (precision > 17 || !(fabs(n) < 9e18 / powers_of_10[precision])) return 0;
  char digits[24];
  char *end = digits + sizeof digits;
  char *first = digits_before(end, scale_decimal(n, precision));
  while (end - first <= precision) *--first = '0';
  char *out = text;
  if (signbit(n)) *out++ = '-';
  size_t whole = (size_t)(end - first) - (size_t)precision;
  memcpy(out, first, whole);
  out += whole;
  if (precision > 0) {
    *out++ = '.';
    memcpy(out, first + whole, (size_t)precision);
    out += precision;
  }
  *out = '\0';
  return (size_t)(out - text);
}

size_t float_write_general(char text[NUMBER_TEXT], double n, int precision) {
  if (precision == 0) precision = 1;
  double size = fabs(n);
  if (precision > 17 || !(size >= 1e-4 && size < 1e15)) return 0;
  int exponent = 0; /* of the first digit; a guess first, put right by the number of digits that come out */
  if (size >= 1)
    while (size >= powers_of_10[exponent + 1]) exponent++;
  else
    exponent = size >= 1e-1 ? -1 : size >= 1e-2 ? -2 : size >= 1e-3 ? -3 : -4;
  if (exponent >= precision) return 0;
  char digits[24];
  char *end = digits + sizeof digits;
  char *first;
  for (;;) {
    first = digits_before(end, scale_decimal(n, precision - 1 - exponent));
    if (end - first > precision) {
      if (++exponent >= precision) return 0;
    } else if (end - first < precision) {
      if (--exponent < -4) return 0;
    } else {
      break;
    }
  }
  while (end - first > exponent + 1 && end - first > 1 && end[-1] == '0') end--;
  char *out = text;
  if (n < 0) *out++ = '-';
  if (exponent < 0) {
    *out++ = '0';
    *out++ = '.';
    for (int i = -1; i > exponent; i--) *out++ = '0';
  } else {
    size_t whole = (size_t)exponent + 1;
    memcpy(out, first, whole);
    out += whole;
    first += whole;
    if (first < end) *out++ = '.';
  }
  memcpy(out, first, (size_t)(end - first));
  out += end - first;
  *out = '\0';
  return (size_t)(out - text);
}
#else
size_t float_write_fixed(char text[NUMBER_TEXT], double n, int precision) {
  (void)text, (void)n, (void)precision;
  return 0;
}
size_t float_write_general(char text[NUMBER_TEXT], double n, int precision) {
  (void)text, (void)n, (void)precision;
  return 0;
}
#endif

#define FLOAT_DIGITS 14
#define FIRST_LONG_FLOAT 1e14 /* from here on %.14g writes an exponent */

size_t number_write(char text[NUMBER_TEXT], const Value *number) {
  if (is_int(number)) return int_write(text, number->i);
  double n = number->n;
  size_t length;
  if (fabs(n) < FIRST_LONG_FLOAT && n == (double)(int64_t)n) {
    length = 0;
    if (signbit(n)) text[length++] = '-';
    length += int_write(text + length, (int64_t)fabs(n));
  } else {
    length = float_write_general(text, n, FLOAT_DIGITS);
    if (length == 0) {
      length = (size_t)snprintf(text, NUMBER_TEXT, "%.14g", n);
      char *point = memchr(text, *localeconv()->decimal_point, length);
      if (point) *point = '.';
    }
    for (const char *s = text; *s; s++)
      if (*s != '-' && !is_digit(*s)) return length;
  }
  memcpy(text + length, ".0", 3);
  return length + 2;
}

bool float_to_int(double n, int64_t *result) {
  if (!(n >= -0x1p63 && n < 0x1p63)) return false;
  int64_t i = (int64_t)n;
  *result = i;
  return (double)i == n;
}

bool number_to_int(const Value *v, int64_t *result) {
  if (is_int(v)) {
    *result = v->i;
    return true;
  }
  return is_float(v) && float_to_int(v->n, result);
}

bool value_to_number(const Value *v, Value *result) {
  if (is_number(v)) {
    value_copy(result, v);
    return true;
  }
  return is_string(v) && number_read(v->str->text, str_length(v->str), result);
}

bool value_to_int(const Value *v, int64_t *result) {
  Value number;
  return value_to_number(v, &number) && number_to_int(&number, result);
}

bool value_to_float(const Value *v, double *result) {
  Value number;
  if (!value_to_number(v, &number)) return false;
  *result = is_int(&number) ? (double)number.i : number.n;
  return true;
}
