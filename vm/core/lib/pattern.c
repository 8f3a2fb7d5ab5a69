/* The pattern matcher: backtracking straight over the pattern's text. Sets and classes are bit sets, built when first
   met; items that a literal character must follow try only the places where it stands; a search first looks for what a
   match must begin with. Classes are those of ASCII, whatever the locale. */
#include "pattern.h"

#include <string.h>

#define MAX_MATCH_DEPTH 200
#define ESCAPE '%'

static inline bool in_set(const uint64_t *bits, char c) {
  unsigned char u = (unsigned char)c;
  return bits[u >> 6] >> (u & 63) & 1;
}
static inline void set_add(uint64_t *bits, unsigned char c) { bits[c >> 6] |= (uint64_t)1 << (c & 63); }

#define CLASS(letter, low, high) [letter - 'a'] = {{low, high, 0, 0}, {~(low), ~(high), UINT64_MAX, UINT64_MAX}}
/* Each class and its complement, which the capital letter names. */
static const uint64_t class_sets[26][2][4] = {
    CLASS('a', UINT64_C(0), UINT64_C(0x07fffffe07fffffe)),
    CLASS('c', UINT64_C(0xffffffff), UINT64_C(0x8000000000000000)),
    CLASS('d', UINT64_C(0x03ff000000000000), UINT64_C(0)),
    CLASS('g', UINT64_C(0xfffffffe00000000), UINT64_C(0x7fffffffffffffff)),
    CLASS('l', UINT64_C(0), UINT64_C(0x07fffffe00000000)),
    CLASS('p', UINT64_C(0xfc00fffe00000000), UINT64_C(0x78000001f8000001)),
    CLASS('s', UINT64_C(0x0000000100003e00), UINT64_C(0)),
    CLASS('u', UINT64_C(0), UINT64_C(0x0000000007fffffe)),
    CLASS('w', UINT64_C(0x03ff000000000000), UINT64_C(0x07fffffe07fffffe)),
    CLASS('x', UINT64_C(0x03ff000000000000), UINT64_C(0x0000007e0000007e)),
    CLASS('z', UINT64_C(1), UINT64_C(0)), /* the zero byte: deprecated, but still there */
};
#undef CLASS

/* The set that %c names, or NULL if c only stands for itself. */
static inline const uint64_t *class_set(char c) {
  unsigned letter = ((unsigned char)c | 0x20u) - 'a';
  if (letter >= 26) return NULL;
  const uint64_t *bits = class_sets[letter][!(c & 0x20)];
  return (bits[0] | bits[1]) != 0 ? bits : NULL;
}

/* Behind the ']' of the set at p. The first character after "[" or "[^" is no ']'. */
static const char *set_end(const Matcher *m, const char *p) {
  p++;
  if (*p == '^') p++;
  do {
    if (p == m->pattern_end) error_library(m->L, "malformed pattern (missing ']')");
    char c = *p++;
    if (c == ESCAPE && p < m->pattern_end) p++;
  } while (*p != ']');
  return p + 1;
}

static void set_build(const Matcher *m, const char *p, CharSet *set) {
  set->start = p;
  set->end = set_end(m, p);
  memset(set->bits, 0, sizeof set->bits);
  const char *last = set->end - 1;
  bool negated = p[1] == '^';
  for (p += negated ? 2 : 1; p < last; p++) {
    if (*p == ESCAPE) {
      const uint64_t *bits = class_set(*++p);
      if (!bits)
        set_add(set->bits, (unsigned char)*p);
      else
        for (int i = 0; i < 4; i++) set->bits[i] |= bits[i];
    } else if (p[1] == '-' && p + 2 < last) {
      for (unsigned c = (unsigned char)p[0]; c <= (unsigned char)p[2]; c++) set_add(set->bits, (unsigned char)c);
      p += 2;
    } else {
      set_add(set->bits, (unsigned char)*p);
    }
  }
  if (negated)
    for (int i = 0; i < 4; i++) set->bits[i] = ~set->bits[i];
}

/* The set at p: remembered while there is room, else built in *spare. */
static const CharSet *set_read(Matcher *m, const char *p, CharSet *spare) {
  for (int i = 0; i < m->set_count; i++)
    if (m->sets[i].start == p) return &m->sets[i];
  CharSet *set = m->set_count < MAX_CACHED_SETS ? &m->sets[m->set_count] : spare;
  set_build(m, p, set);
  if (set != spare) m->set_count++;
  return set;
}

/* One character's worth of pattern. */
typedef struct Item {
  enum { ITEM_CHAR, ITEM_ANY, ITEM_SET } kind;
  char c;
  const uint64_t *set;
  const char *end; /* where its suffix may stand */
} Item;

static inline void item_read(Matcher *m, const char *p, Item *item, CharSet *spare) {
  item->kind = ITEM_CHAR;
  item->c = *p;
  item->end = p + 1;
  if (*p == '.') {
    item->kind = ITEM_ANY;
  } else if (*p == ESCAPE) {
    if (p + 1 == m->pattern_end) error_library(m->L, "malformed pattern (ends with '%%')");
    item->c = p[1];
    item->end = p + 2;
    item->set = class_set(p[1]);
    if (item->set) item->kind = ITEM_SET;
  } else if (*p == '[') {
    const CharSet *set = set_read(m, p, spare);
    item->kind = ITEM_SET;
    item->set = set->bits;
    item->end = set->end;
  }
}

static inline bool item_matches(const Matcher *m, const Item *item, const char *s) {
  if (s >= m->subject_end) return false;
  if (item->kind == ITEM_CHAR) return *s == item->c;
  return item->kind == ITEM_ANY || in_set(item->set, *s);
}

static inline bool is_optional_suffix(char c) { return c == '*' || c == '?' || c == '-'; }

/* The character with which the rest of the pattern from p on must go on, if it is plain to see; else -1. Closing
   parentheses are looked through while there are captures to close. */
static int literal_ahead(const Matcher *m, const char *p) {
  if (m->depth < 4) return -1; /* the recursion's limit is to strike where it always does */
  if (*p == ')') {
    int open = 0;
    for (int i = 0; i < m->level; i++) open += m->captures[i].length == CAPTURE_OPEN;
    for (int closed = 0; *p == ')' && closed < 2; closed++, p++)
      if (closed == open) return -1;
  }
  if (p >= m->pattern_end) return -1;
  char c = *p++;
  switch (c) {
    case ESCAPE:
      if (p == m->pattern_end) return -1;
      c = *p++;
      if ((unsigned)((c | 0x20) - 'a') < 26 || (unsigned)(c - '0') < 10) return -1;
      break;
    case '(': case ')': case '.': case '[': case '$': return -1;
    default: break;
  }
  return is_optional_suffix(*p) ? -1 : (unsigned char)c;
}

static const char *match_here(Matcher *m, const char *s, const char *p);

/* As many of the item as there are, then fewer until the rest at p matches. */
static const char *match_longest(Matcher *m, const char *s, const Item *item, const char *p) {
  const char *end = m->subject_end;
  const char *e = s;
  if (item->kind == ITEM_ANY)
    e = end;
  else if (item->kind == ITEM_SET)
    while (e < end && in_set(item->set, *e)) e++;
  else
    while (e < end && *e == item->c) e++;
  if (p == m->pattern_end && m->depth > 0) return e;
  int next = literal_ahead(m, p);
  for (;; e--) {
    if (next < 0 || (unsigned char)*e == next) {
      const char *result = match_here(m, e, p);
      if (result) return result;
    }
    if (e == s) return NULL;
  }
}

/* As few of the item as will do. */
static const char *match_shortest(Matcher *m, const char *s, const Item *item, const char *p) {
  if (p == m->pattern_end && m->depth > 0) return s;
  int next = literal_ahead(m, p);
  for (;; s++) {
    if (next >= 0 && item->kind == ITEM_ANY) {
      s = memchr(s, next, (size_t)(m->subject_end - s));
      if (!s) return NULL;
    }
    if (next < 0 || (unsigned char)*s == next) {
      const char *result = match_here(m, s, p);
      if (result) return result;
    }
    if (!item_matches(m, item, s)) return NULL;
  }
}

static const char *match_capture_start(Matcher *m, const char *s, const char *p, ptrdiff_t what) {
  if (m->level >= MAX_CAPTURES) error_library(m->L, "too many captures");
  m->captures[m->level].start = s;
  m->captures[m->level].length = what;
  m->level++;
  const char *result = match_here(m, s, p);
  if (!result) m->level--;
  return result;
}

static const char *match_capture_end(Matcher *m, const char *s, const char *p) {
  int i = m->level - 1;
  while (i >= 0 && m->captures[i].length != CAPTURE_OPEN) i--;
  if (i < 0) error_library(m->L, "invalid pattern capture");
  Capture *capture = &m->captures[i];
  capture->length = s - capture->start;
  const char *result = match_here(m, s, p);
  if (!result) capture->length = CAPTURE_OPEN;
  return result;
}

/* %bxy: behind the y that balances the x at s. */
static const char *match_balance(const Matcher *m, const char *s, const char *p) {
  if (p + 1 >= m->pattern_end) error_library(m->L, "malformed pattern (missing arguments to '%%b')");
  if (s >= m->subject_end || *s != p[0]) return NULL;
  int depth = 1;
  for (s++; s < m->subject_end; s++) {
    if (*s == p[1]) {
      if (--depth == 0) return s + 1;
    } else if (*s == p[0]) {
      depth++;
    }
  }
  return NULL;
}

/* %1 ... %9: the text of a capture again. */
static const char *match_back_reference(const Matcher *m, const char *s, char digit) {
  int i = digit - '1';
  if (i < 0 || i >= m->level || m->captures[i].length == CAPTURE_OPEN)
    error_library(m->L, "invalid capture index %%%d", i + 1);
  size_t length = (size_t)m->captures[i].length;
  bool same = (size_t)(m->subject_end - s) >= length && memcmp(m->captures[i].start, s, length) == 0;
  return same ? s + length : NULL;
}

static const char *match_here(Matcher *m, const char *s, const char *p) {
  if (UNLIKELY(m->depth-- == 0)) error_library(m->L, "pattern too complex");
  interrupt_check(m->L);
  while (p != m->pattern_end) {
    Item item;
    CharSet spare;
    switch (*p) {
      case '(':
        s = p[1] == ')' ? match_capture_start(m, s, p + 2, CAPTURE_POSITION)
                        : match_capture_start(m, s, p + 1, CAPTURE_OPEN);
        goto done;
      case ')': s = match_capture_end(m, s, p + 1); goto done;
      case '$':
        if (p + 1 != m->pattern_end) break;
        if (s != m->subject_end) s = NULL;
        goto done;
      case ESCAPE:
        switch (p[1]) {
          case 'b':
            s = match_balance(m, s, p + 2);
            if (!s) goto done;
            p += 4;
            continue;
          case 'f': {
            p += 2;
            if (*p != '[') error_library(m->L, "missing '[' after '%%f' in pattern");
            const CharSet *set = set_read(m, p, &spare);
            char before = s == m->subject ? '\0' : s[-1];
            if (in_set(set->bits, before) || !in_set(set->bits, *s)) {
              s = NULL;
              goto done;
            }
            p = set->end;
            continue;
          }
          case '0': case '1': case '2': case '3': case '4':
          case '5': case '6': case '7': case '8': case '9':
            s = match_back_reference(m, s, p[1]);
            if (!s) goto done;
            p += 2;
            continue;
          default: break;
        }
        break;
      default: break;
    }
    item_read(m, p, &item, &spare);
    bool matches = item_matches(m, &item, s);
    p = item.end + 1;
    switch (*item.end) {
      case '?':
        if (matches) {
          const char *result = match_here(m, s + 1, p);
          if (result) {
            s = result;
            goto done;
          }
        }
        continue;
      case '+':
        s = matches ? match_longest(m, s + 1, &item, p) : NULL;
        goto done;
      case '*':
        if (!matches) continue;
        s = match_longest(m, s, &item, p);
        goto done;
      case '-':
        if (!matches) continue;
        s = match_shortest(m, s, &item, p);
        goto done;
      default:
        if (!matches) {
          s = NULL;
          goto done;
        }
        s++;
        p = item.end;
        continue;
    }
  }
done:
  m->depth++;
  return s;
}

void matcher_init(Matcher *m, Thread *L, Capture captures[MAX_CAPTURES], const char *subject, size_t subject_length,
                  const char *pattern, size_t pattern_length) {
  m->L = L;
  m->captures = captures;
  m->subject = subject;
  m->subject_end = subject + subject_length;
  m->pattern = pattern;
  m->pattern_end = pattern + pattern_length;
  m->last = NULL;
  m->level = 0;
  m->start_kind = START_UNKNOWN;
  m->set_count = 0;
}

const char *matcher_match(Matcher *m, const char *s) {
  m->depth = MAX_MATCH_DEPTH;
  m->level = 0;
  return match_here(m, s, m->pattern);
}

static void find_start(Matcher *m) {
  m->start_kind = START_ANYTHING;
  const char *p = m->pattern;
  for (int opened = 0; *p == '(' && opened < 4; opened++) p += p[1] == ')' ? 2 : 1;
  if (p >= m->pattern_end || *p == '(' || *p == ')' || *p == '$') return;
  if (*p == ESCAPE && (p[1] == 'b' || p[1] == 'f' || (unsigned)(p[1] - '0') < 10)) return;
  Item item;
  CharSet spare;
  item_read(m, p, &item, &spare); /* the set, if it is one, is the first to be remembered */
  if (is_optional_suffix(*item.end) || item.kind == ITEM_ANY) return;
  if (item.kind == ITEM_CHAR) {
    m->start_kind = START_CHAR;
    m->start_char = (unsigned char)item.c;
  } else {
    m->start_kind = START_SET;
    m->start_set = item.set;
  }
}

const char *matcher_search(Matcher *m, const char *s, const char **end) {
  m->depth = MAX_MATCH_DEPTH; /* an error in the search before may have left it spent */
  if (m->start_kind == START_UNKNOWN) find_start(m);
  for (;; s++) {
    if (m->start_kind == START_CHAR) {
      s = memchr(s, m->start_char, (size_t)(m->subject_end - s));
      if (!s) return NULL;
    } else if (m->start_kind == START_SET) {
      while (s < m->subject_end && !in_set(m->start_set, *s)) s++;
      if (s == m->subject_end) return NULL;
    }
    m->level = 0;
    const char *e = match_here(m, s, m->pattern);
    if (e && e != m->last) {
      *end = e;
      return s;
    }
    if (s == m->subject_end) return NULL;
  }
}

ptrdiff_t matcher_capture(Matcher *m, int i, const char *s, const char *e, const char **text) {
  if (i >= m->level) {
    if (i != 0) error_library(m->L, "invalid capture index %%%d", i + 1);
    *text = s;
    return e - s;
  }
  if (m->captures[i].length == CAPTURE_OPEN) error_library(m->L, "unfinished capture");
  *text = m->captures[i].start;
  return m->captures[i].length;
}

void matcher_push_capture(Matcher *m, int i, const char *s, const char *e) {
  const char *text;
  ptrdiff_t length = matcher_capture(m, i, s, e, &text);
  if (length == CAPTURE_POSITION)
    push_int(m->L, text - m->subject + 1);
  else
    push_bytes(m->L, text, (size_t)length);
}

int matcher_push_captures(Matcher *m, const char *s, const char *e) {
  int n = m->level == 0 && s ? 1 : m->level;
  stack_check(m->L, n, "too many captures");
  for (int i = 0; i < n; i++) matcher_push_capture(m, i, s, e);
  return n;
}

bool pattern_is_plain(const char *pattern, size_t length) {
  static const uint64_t special[4] = {UINT64_C(0x80006d3000000000), UINT64_C(0x0000000048000000), 0, 0};
  for (size_t i = 0; i < length; i++)
    if (in_set(special, pattern[i])) return false;
  return true;
}

/* Horspool's search: looks at the last character of a place and moves on by what that allows. */
static const char *find_by_last(const char *s, const char *last, const char *what, size_t size) {
  uint8_t step[256];
  memset(step, size < 255 ? (int)size : 255, sizeof step);
  for (size_t i = 0; i + 1 < size; i++) {
    size_t rest = size - 1 - i;
    step[(unsigned char)what[i]] = rest < 255 ? (uint8_t)rest : 255;
  }
  while (s <= last) {
    char c = s[size - 1];
    if (c == what[size - 1] && memcmp(s, what, size - 1) == 0) return s;
    s += step[(unsigned char)c];
  }
  return NULL;
}

const char *find_plain(const char *s, size_t length, const char *what, size_t size) {
  if (size == 0) return s;
  if (size > length) return NULL;
  if (size == 1) return memchr(s, *what, length);
  const char *first = s;
  const char *last = s + (length - size); /* the last place where it can be */
  for (ptrdiff_t misses = 1; s <= last; misses++, s++) {
    s = memchr(s, *what, (size_t)(last - s) + 1);
    if (!s) return NULL;
    if (s[1] == what[1] && memcmp(s + 2, what + 2, size - 2) == 0) return s;
    /* Is the first character too frequent for this to be quick? */
    if (misses > 8 && size > 3 && s - first < misses * 16) return find_by_last(s + 1, last, what, size);
  }
  return NULL;
}
