/* The table library. A plain table, one without the metamethods that a function would have to heed, is worked on
   directly; anything else goes through indexing as Lua code would do it. */
#include <limits.h>
#include <string.h>

#include "api.h"

enum { READS = 1, WRITES = 2, MEASURES = 4 };

static bool has_metamethod(VM *vm, const Value *v, enum Metamethod event) {
  return !is_nil(metamethod_of(vm, v, event));
}

/* The table in v if raw access to it does what `uses` need. */
static Table *plain_table(VM *vm, const Value *v, int uses) {
  if (!is_table(v)) return NULL;
  if (LIKELY(!v->table->meta)) return v->table;
  if (uses & READS && has_metamethod(vm, v, METAMETHOD_INDEX)) return NULL;
  if (uses & WRITES && has_metamethod(vm, v, METAMETHOD_NEWINDEX)) return NULL;
  if (uses & MEASURES && has_metamethod(vm, v, METAMETHOD_LEN)) return NULL;
  return v->table;
}

/* Argument n must be a table or have the metamethods to act like one. Returns it if it is plain. */
static Table *arg_tablelike(Thread *L, const Value *args, int count, int n, int uses) {
  const Value *v = arg(args, count, n);
  VM *vm = L->vm;
  Table *plain = plain_table(vm, v, uses);
  if (LIKELY(plain != NULL)) return plain;
  if (is_table(v)) return NULL;
  if (!metatable_of(vm, v) || (uses & READS && !has_metamethod(vm, v, METAMETHOD_INDEX)) ||
      (uses & WRITES && !has_metamethod(vm, v, METAMETHOD_NEWINDEX)) ||
      (uses & MEASURES && !has_metamethod(vm, v, METAMETHOD_LEN)))
    error_argument_type(L, n, "table");
  return NULL;
}

/* The length of the first argument, by its metamethod if it has one. */
static int64_t length_of_first(Thread *L) {
  Value length;
  int64_t n;
  value_length(L, thread_args(L), &length);
  if (!value_to_int(&length, &n)) error_library(L, "object length is not an integer");
  return n;
}

static int64_t arg_length(Thread *L, const Value *args, int count, int uses, Table **plain) {
  *plain = arg_tablelike(L, args, count, 1, uses | MEASURES);
  return LIKELY(*plain != NULL) ? table_length(*plain) : length_of_first(L);
}

/* Pushes argument n's element i. */
static void push_element(Thread *L, int n, int64_t i) {
  Value key, element;
  set_int(&key, i);
  index_get(L, thread_args(L) + n - 1, &key, &element);
  push_value(L, &element);
}

/* Pops a value into argument n's element i. */
static void pop_element(Thread *L, int n, int64_t i) {
  Value key;
  interrupt_check(L); /* a length may be any number: there is no end to wait for */
  set_int(&key, i);
  index_set(L, thread_args(L) + n - 1, &key, L->top - 1);
  L->top--;
}

static inline void raw_copy(Thread *L, Table *from, int64_t i, Table *to, int64_t j) {
  Value element; /* the table may move its array before it stores */
  interrupt_check(L);
  value_copy(&element, table_get_int(from, i));
  table_set_int(L, to, j, &element);
}

static int table_insert(Thread *L, Value *args, int count) {
  Table *t;
  int64_t end = (int64_t)((uint64_t)arg_length(L, args, count, READS | WRITES, &t) + 1);
  if (LIKELY(count == 2)) {
    if (UNLIKELY(!t)) {
      push_value(L, thread_args(L) + 1);
      pop_element(L, 1, end);
    } else if (LIKELY(array_holds(t, (uint64_t)end - 1))) {
      value_copy(&t->array[end - 1], &args[1]);
      gc_barrier_table(L, t, &args[1]);
    } else {
      table_set_int(L, t, end, &args[1]);
    }
    return 0;
  }
  if (count != 3) error_library(L, "wrong number of arguments to 'insert'");
  int64_t position = arg_int(L, thread_args(L), count, 2);
  if ((uint64_t)position - 1 >= (uint64_t)end) error_argument(L, 2, "position out of bounds");
  if (!t) {
    for (int64_t i = end; i > position; i--) {
      push_element(L, 1, i - 1);
      pop_element(L, 1, i);
    }
    push_value(L, thread_args(L) + 2);
    pop_element(L, 1, position);
    return 0;
  }
  if (position < end) {
    raw_copy(L, t, end - 1, t, end);
    if (LIKELY((uint64_t)end - 1 <= t->array_size))
      for (Value *v = t->array + end - 2; v > t->array + position - 1; v--) value_copy(v, v - 1);
    else
      for (int64_t i = end - 1; i > position; i--) raw_copy(L, t, i - 1, t, i);
  }
  table_set_int(L, t, position, &args[2]);
  return 0;
}

static int table_remove(Thread *L, Value *args, int count) {
  Table *t;
  int64_t size = arg_length(L, args, count, READS | WRITES, &t);
  int64_t position = arg_int_or(L, thread_args(L), count, 2, size);
  if (position != size && (uint64_t)position - 1 > (uint64_t)size) error_argument(L, 2, "position out of bounds");
  if (!t) {
    push_element(L, 1, position);
    for (; position < size; position++) {
      push_element(L, 1, position + 1);
      pop_element(L, 1, position);
    }
    push_nil(L);
    pop_element(L, 1, position);
    return 1;
  }
  push_value(L, table_get_int(t, position));
  if (LIKELY(position >= 1 && position <= size && array_holds(t, (uint64_t)size - 1))) {
    Value *last = t->array + size - 1;
    for (Value *v = t->array + position - 1; v < last; v++) value_copy(v, v + 1);
    set_nil(last);
  } else {
    for (; position < size; position++) raw_copy(L, t, position + 1, t, position);
    table_set_int(L, t, position, &nil_value);
  }
  return 1;
}

static int table_move(Thread *L, Value *args, int count) {
  int64_t from = arg_int(L, args, count, 2);
  int64_t end = arg_int(L, args, count, 3);
  int64_t to = arg_int(L, args, count, 4);
  int target = absent_or_nil(args, count, 5) ? 1 : 5;
  Table *source = arg_tablelike(L, args, count, 1, READS);
  Table *destination = arg_tablelike(L, args, count, target, WRITES);
  if (end >= from) {
    if (from <= 0 && end >= INT64_MAX + from) error_argument(L, 3, "too many elements to move");
    int64_t n = end - from + 1;
    if (to > INT64_MAX - n + 1) error_argument(L, 4, "destination wrap around");
    bool upwards = to > end || to <= from || (target != 1 && !value_equal(L, &args[0], &args[target - 1]));
    for (int64_t k = 0; k < n; k++) {
      int64_t i = upwards ? k : n - 1 - k;
      if (LIKELY(source && destination)) {
        raw_copy(L, source, from + i, destination, to + i);
      } else {
        push_element(L, 1, from + i);
        pop_element(L, target, to + i);
      }
    }
  }
  push_value(L, thread_args(L) + target - 1);
  return 1;
}

/* The bytes that elements first to last of an array take when joined, or SIZE_MAX if they are not all strings. */
static size_t joined_length(const Value *array, int64_t first, int64_t last, size_t separator_length) {
  size_t total = (size_t)(last - first) * separator_length;
  for (int64_t i = first; i <= last; i++) {
    if (!is_string(&array[i - 1])) return SIZE_MAX;
    total += str_length(array[i - 1].str);
  }
  return total;
}

static char *append(char *out, const Str *s) {
  size_t length = str_length(s);
  memcpy(out, s->text, length);
  return out + length;
}

static void push_joined(Thread *L, const Value *array, int64_t first, int64_t last, const Str *separator,
                        size_t total) {
  char small[MAX_SHORT_STRING];
  Str *joined = total > MAX_SHORT_STRING ? str_new_long(L, total) : NULL;
  char *start = joined ? joined->text : small;
  char *out = append(start, array[first - 1].str);
  for (int64_t i = first + 1; i <= last; i++) {
    if (separator) out = append(out, separator);
    out = append(out, array[i - 1].str);
  }
  if (joined)
    *out = '\0';
  else
    joined = str_new(L, small, total);
  push_str(L, joined);
}

static void add_element(Thread *L, Buffer *b, Table *t, int64_t i) {
  if (LIKELY(t != NULL))
    push_value(L, table_get_int(t, i));
  else
    push_element(L, 1, i);
  const Value *element = L->top - 1;
  if (!is_string(element) && !is_number(element))
    error_library(L, "invalid value (%s) at index %I in table for 'concat'", type_name(element), i);
  buffer_add_value(b);
}

static int table_concat(Thread *L, Value *args, int count) {
  Table *t;
  int64_t last = arg_length(L, args, count, READS, &t);
  args = thread_args(L);
  const Str *separator = arg_str_or_null(L, args, count, 2);
  int64_t i = arg_int_or(L, args, count, 3, 1);
  last = arg_int_or(L, args, count, 4, last);
  if (i > last) {
    push_bytes(L, "", 0);
    return 1;
  }
  if (t && i >= 1 && (uint64_t)last <= t->array_size) {
    size_t total = joined_length(t->array, i, last, separator ? str_length(separator) : 0);
    if (total != SIZE_MAX && array_holds(t, (uint64_t)last - 1)) {
      push_joined(L, t->array, i, last, separator, total);
      return 1;
    }
  }
  Buffer b;
  buffer_init(L, &b);
  for (; i < last; i++) {
    add_element(L, &b, t, i);
    if (separator) buffer_add(&b, separator->text, str_length(separator));
  }
  add_element(L, &b, t, last);
  buffer_push(&b);
  return 1;
}

static int table_pack(Thread *L, Value *args, int count) {
  Table *t = table_new(L, (uint32_t)count, 1);
  Value n;
  for (int i = 0; i < count; i++) value_copy(&t->array[i], &args[i]);
  set_int(&n, count);
  table_set_str(L, t, str_from(L, "n"), &n);
  push_table(L, t);
  return 1;
}

static int table_unpack(Thread *L, Value *args, int count) {
  int64_t i = arg_int_or(L, args, count, 2, 1);
  Table *t = plain_table(L->vm, arg(args, count, 1), READS | MEASURES);
  int64_t end;
  if (!absent_or_nil(args, count, 3)) {
    end = arg_int(L, args, count, 3);
  } else if (LIKELY(t != NULL)) {
    end = table_length(t);
  } else {
    if (count == 0) push_nil(L); /* something to ask for its length */
    end = length_of_first(L);
  }
  if (i > end) return 0;
  uint64_t n = (uint64_t)end - (uint64_t)i;
  if (n >= INT_MAX || (ptrdiff_t)n + 1 > MAX_STACK_SLOTS - (L->top - L->stack))
    error_library(L, "too many results to unpack");
  n++;
  if (n > MIN_C_SLOTS - 2) stack_reserve(L, (size_t)n + MIN_C_SLOTS);
  if (LIKELY(t && i >= 1 && array_holds(t, (uint64_t)end - 1))) {
    Value *top = L->top;
    for (const Value *v = t->array + i - 1; v < t->array + end; v++) value_copy(top++, v);
    L->top = top;
  } else {
    for (uint64_t k = 0; k < n; k++) {
      int64_t at = (int64_t)((uint64_t)i + k);
      if (t)
        push_value(L, table_get_int(t, at));
      else
        push_element(L, 1, at);
    }
  }
  return (int)n;
}

/* Sorting: quicksort with the median of three as pivot, as in Sedgewick's "Algorithms", and a scattered pivot for large
   ranges once the partitions have turned out badly balanced. Two versions of the same steps: one on the elements of a
   plain array of numbers or strings, which calls nothing, and one that reads and writes elements as Lua code would
   and keeps what it compares on the stack, since the order function may do anything to the table. */

#define RANDOM_PIVOT_RANGE 100u

/* The same in every run, so that what a program's order function does is too. Never 0. */
static unsigned random_bits(unsigned low, unsigned high) { return (low * 2654435769u ^ high * 2246822519u) | 1; }

static unsigned choose_pivot(unsigned low, unsigned high, unsigned random) {
  if (high - low < RANDOM_PIVOT_RANGE || random == 0) return (low + high) / 2;
  unsigned quarter = (high - low) / 4;
  return random % (quarter * 2) + (low + quarter);
}

static NORETURN void error_order(Thread *L) { error_library(L, "invalid order function for sorting"); }

enum Order { ORDER_INTS, ORDER_FLOATS, ORDER_NUMBERS, ORDER_STRINGS, ORDER_OTHER };

static inline bool element_less(Thread *L, enum Order order, const Value *a, const Value *b) {
  switch (order) {
  case ORDER_INTS: return a->i < b->i;
  case ORDER_FLOATS: return a->n < b->n;
  case ORDER_STRINGS: return str_compare(a->str, b->str) < 0;
  default: return value_less(L, a, b);
  }
}

static inline void exchange(Value *a, Value *b) {
  Value v;
  value_copy(&v, a);
  value_copy(a, b);
  value_copy(b, &v);
}

/* Sorts a[low..high]. */
static void sort_array(Thread *L, Value *a, unsigned low, unsigned high, unsigned random, enum Order order) {
  while (low < high) {
    if (element_less(L, order, &a[high], &a[low])) exchange(&a[low], &a[high]);
    if (high - low == 1) return;
    unsigned middle = choose_pivot(low, high, random);
    if (element_less(L, order, &a[middle], &a[low]))
      exchange(&a[middle], &a[low]);
    else if (element_less(L, order, &a[high], &a[middle]))
      exchange(&a[middle], &a[high]);
    if (high - low == 2) return;
    Value pivot;
    value_copy(&pivot, &a[middle]);
    exchange(&a[middle], &a[high - 1]);
    unsigned i = low, j = high - 1;
    for (;;) {
      while (element_less(L, order, &a[++i], &pivot))
        if (UNLIKELY(i == high - 1)) error_order(L);
      while (element_less(L, order, &pivot, &a[--j]))
        if (UNLIKELY(j < i)) error_order(L);
      if (j < i) break;
      exchange(&a[i], &a[j]);
    }
    exchange(&a[high - 1], &a[i]);
    unsigned smaller;
    if (i - low < high - i) {
      sort_array(L, a, low, i - 1, random, order);
      smaller = i - low;
      low = i + 1;
    } else {
      sort_array(L, a, i + 1, high, random, order);
      smaller = high - i;
      high = i - 1;
    }
    if ((high - low) / 128 > smaller) random = random_bits(low, high);
  }
}

/* The general version: the table is argument 1, the order function or nil argument 2. */

static void push_sorted(Thread *L, Table *t, unsigned i) {
  if (LIKELY(t != NULL))
    push_value(L, table_get_int(t, i));
  else
    push_element(L, 1, i);
}

static void pop_sorted(Thread *L, Table *t, unsigned i) {
  if (LIKELY(t != NULL))
    table_set_int(L, t, i, --L->top);
  else
    pop_element(L, 1, i);
}

/* Compares the stack's values at depths a and b below the top. */
static bool depth_less(Thread *L, int a, int b) {
  Value *top = L->top;
  if (is_nil(thread_args(L) + 1)) return value_less(L, top - a, top - b);
  push_value(L, thread_args(L) + 1);
  push_value(L, top - a);
  push_value(L, top - b);
  call_value(L, 2, 1);
  return !is_falsy(--L->top);
}

/* With the pivot on the stack's top: a[low] <= pivot == a[high - 1] <= a[high]. Returns its final place. */
static unsigned partition(Thread *L, Table *t, unsigned low, unsigned high) {
  unsigned i = low, j = high - 1;
  for (;;) {
    for (push_sorted(L, t, ++i); depth_less(L, 1, 2); push_sorted(L, t, ++i)) {
      if (UNLIKELY(i == high - 1)) error_order(L);
      L->top--;
    }
    for (push_sorted(L, t, --j); depth_less(L, 3, 1); push_sorted(L, t, --j)) {
      if (UNLIKELY(j < i)) error_order(L);
      L->top--;
    }
    if (j < i) {
      L->top--;
      pop_sorted(L, t, high - 1);
      pop_sorted(L, t, i);
      return i;
    }
    pop_sorted(L, t, i);
    pop_sorted(L, t, j);
  }
}

static void sort_general(Thread *L, Table *t, unsigned low, unsigned high, unsigned random) {
  stack_reserve(L, MIN_C_SLOTS);
  while (low < high) {
    push_sorted(L, t, low);
    push_sorted(L, t, high);
    if (depth_less(L, 1, 2)) {
      pop_sorted(L, t, low);
      pop_sorted(L, t, high);
    } else {
      L->top -= 2;
    }
    if (high - low == 1) return;
    unsigned middle = choose_pivot(low, high, random);
    push_sorted(L, t, middle);
    push_sorted(L, t, low);
    if (depth_less(L, 2, 1)) {
      pop_sorted(L, t, middle);
      pop_sorted(L, t, low);
    } else {
      L->top--;
      push_sorted(L, t, high);
      if (depth_less(L, 1, 2)) {
        pop_sorted(L, t, middle);
        pop_sorted(L, t, high);
      } else {
        L->top -= 2;
      }
    }
    if (high - low == 2) return;
    push_sorted(L, t, middle);
    push_value(L, L->top - 1);
    push_sorted(L, t, high - 1);
    pop_sorted(L, t, middle);
    pop_sorted(L, t, high - 1);
    middle = partition(L, t, low, high);
    unsigned smaller;
    if (middle - low < high - middle) {
      sort_general(L, t, low, middle - 1, random);
      smaller = middle - low;
      low = middle + 1;
    } else {
      sort_general(L, t, middle + 1, high, random);
      smaller = high - middle;
      high = middle - 1;
    }
    if ((high - low) / 128 > smaller) random = random_bits(low, high);
  }
}

static enum Order array_order(const Value *array, int64_t n) {
  bool ints = true, floats = true, strings = true;
  for (int64_t i = 0; i < n && (ints || floats || strings); i++) {
    ints = ints && is_int(&array[i]);
    floats = floats && is_float(&array[i]);
    strings = strings && is_string(&array[i]);
  }
  if (ints) return ORDER_INTS;
  if (floats) return ORDER_FLOATS;
  if (strings) return ORDER_STRINGS;
  for (int64_t i = 0; i < n; i++)
    if (!is_number(&array[i])) return ORDER_OTHER;
  return ORDER_NUMBERS;
}

static int table_sort(Thread *L, Value *args, int count) {
  Table *t;
  int64_t n = arg_length(L, args, count, READS | WRITES, &t);
  args = thread_args(L);
  if (n > 1) {
    if (n >= INT_MAX) error_argument(L, 1, "array too big");
    bool by_function = !absent_or_nil(args, count, 2);
    if (by_function) arg_function(L, args, count, 2);
    if (count < 2) push_nil(L);
    L->top = args + 2;
    if (t && !by_function && array_holds(t, (uint64_t)n - 1)) {
      enum Order order = array_order(t->array, n);
      if (order != ORDER_OTHER) {
        sort_array(L, t->array - 1, 1, (unsigned)n, 0, order);
        return 0;
      }
    }
    sort_general(L, t, 1, (unsigned)n, 0);
  }
  return 0;
}

static const LibraryEntry entries[] = {
  {"concat", table_concat, SPECIAL_NONE},
  {"insert", table_insert, SPECIAL_NONE},
  {"move", table_move, SPECIAL_NONE},
  {"pack", table_pack, SPECIAL_NONE},
  {"remove", table_remove, SPECIAL_NONE},
  {"sort", table_sort, SPECIAL_NONE},
  {"unpack", table_unpack, SPECIAL_NONE},
  {NULL, NULL, SPECIAL_NONE},
};

void open_table(Thread *L) {
  library_new(L, "table", entries);
  L->top--;
}
