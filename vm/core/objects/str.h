/* Strings: short ones are interned, long ones hashed only when used as a key. */
#ifndef PERILUNE_STR_H
#define PERILUNE_STR_H

#include "vm.h"

/* The string with these bytes; may be an existing object. The collector does not run here. */
Str *str_new(Thread *L, const char *text, size_t length);
Str *str_from(Thread *L, const char *zero_terminated);

/* A long string (length > MAX_SHORT_STRING) with uninitialised bytes, to be filled at once. */
Str *str_new_long(Thread *L, size_t length);

bool str_equal_long(const Str *a, const Str *b);
uint32_t str_hash(Str *s);
int str_compare(const Str *a, const Str *b); /* by locale, as strcoll, with embedded zeros */
void str_free(VM *vm, Str *s);
void str_table_init(Thread *L);
void str_table_free(VM *vm);
void str_forget_found(VM *vm); /* before strings are freed that were found */

static inline void set_str(Value *v, Str *s) { set_object(v, s, s->tag); }
static inline bool str_equal(const Str *a, const Str *b) {
  return a == b || (a->tag == TAG_LONGSTR && b->tag == TAG_LONGSTR && str_equal_long(a, b));
}

#endif
