/* Numbers: reading, writing and converting, exactly as Lua 5.4 in the C locale, whatever the locale. */
#ifndef PERILUNE_NUMBER_H
#define PERILUNE_NUMBER_H

#include "value.h"

#define NUMBER_TEXT 64 /* room for any number's text */

/* Reads a numeral with optional white space and sign around it; false if the text is not one. `length` bytes, which may
   hold zeros (then it is not a numeral). Integers that overflow in decimal become floats; hexadecimal ones wrap. */
bool number_read(const char *text, size_t length, Value *result);

/* Writes as tostring does ("%d", "%.14g" with ".0" added where it looks like an integer, "inf", "-nan"): returns the
   length, zero-terminated. */
size_t number_write(char text[NUMBER_TEXT], const Value *number);
size_t int_write(char text[NUMBER_TEXT], int64_t i);

/* As printf's "%.*f" and "%.*g", exactly rounded but without its generality: return 0 where the number or the precision
   is out of their reach; snprintf must do it then. */
size_t float_write_fixed(char text[NUMBER_TEXT], double n, int precision);
size_t float_write_general(char text[NUMBER_TEXT], double n, int precision);

/* float to integer, only if the value is integral and fits. */
bool float_to_int(double n, int64_t *result);
/* int or integral float; no strings. */
bool number_to_int(const Value *v, int64_t *result);
/* as number_to_int, and strings that are numerals. */
bool value_to_int(const Value *v, int64_t *result);
/* any number, or a string that is a numeral. */
bool value_to_float(const Value *v, double *result);
/* a string that is a numeral to a number; numbers stay. */
bool value_to_number(const Value *v, Value *result);

/* The position of the highest bit, from 1; 0 if there is none. */
static inline int bit_length(uint64_t u) {
#ifdef __GNUC__
  return u == 0 ? 0 : 64 - __builtin_clzll(u);
#else
  int bits = 0;
  while (bits < 64 && u >> bits != 0) bits++;
  return bits;
#endif
}

#endif
