/* Lua patterns: matching a pattern at a place or searching for it, and the captures that result. */
#ifndef PERILUNE_PATTERN_H
#define PERILUNE_PATTERN_H

#include "api.h"

#define MAX_CAPTURES 32
#define MAX_CACHED_SETS 4

/* Characters as 256 bits. */
typedef struct CharSet {
  const char *start; /* where its '[' stands in the pattern */
  const char *end;   /* behind its ']' */
  uint64_t bits[4];
} CharSet;

enum StartKind { START_UNKNOWN, START_ANYTHING, START_CHAR, START_SET };

typedef struct Capture {
  const char *start;
  ptrdiff_t length; /* or one of these */
} Capture;
enum { CAPTURE_OPEN = -1, CAPTURE_POSITION = -2 };

/* The subject's and the pattern's strings must stay alive and end with a zero byte. */
typedef struct Matcher {
  Thread *L;
  const char *subject;
  const char *subject_end;
  const char *pattern;
  const char *pattern_end;
  const char *last; /* searching: end of the match before; an empty one at the same place does not count. Or NULL. */
  int depth;        /* recursion that is left */
  int level;        /* captures begun */
  /* What every match must begin with, found at the first search. */
  uint8_t start_kind;
  uint8_t start_char;
  uint8_t set_count;
  const uint64_t *start_set;
  Capture *captures; /* MAX_CAPTURES of them */
  CharSet sets[MAX_CACHED_SETS]; /* those met so far */
} Matcher;

/* `pattern` is without a leading anchor. `captures` may be changed between matches. */
void matcher_init(Matcher *m, Thread *L, Capture captures[MAX_CAPTURES], const char *subject, size_t subject_length,
                  const char *pattern, size_t pattern_length);
/* Matches at s: the end of the match or NULL. */
const char *matcher_match(Matcher *m, const char *s);
/* Searches from s on: the match's start, its end in *end; NULL if there is none. */
const char *matcher_search(Matcher *m, const char *s, const char **end);

/* Capture i (from 0) of the match from s to e, which stands for capture 0 if the pattern has none: returns its length
   and sets *text, or returns CAPTURE_POSITION. */
ptrdiff_t matcher_capture(Matcher *m, int i, const char *s, const char *e, const char **text);
void matcher_push_capture(Matcher *m, int i, const char *s, const char *e);
/* Pushes all, or the whole match if there are none and s is not NULL; returns how many. The stack may move. */
int matcher_push_captures(Matcher *m, const char *s, const char *e);

/* The pattern has no special characters. (A ')' does not count: string.find takes it literally then.) */
bool pattern_is_plain(const char *pattern, size_t length);
/* First occurrence of `what`, or NULL. */
const char *find_plain(const char *s, size_t length, const char *what, size_t size);

#endif
