/* Addresses as programs see them, and the numbers of strings. Few programs ask for the address of a string, so strings
   have no room for a number: it is kept in a table of its own. */
#include "serial.h"

#include <inttypes.h>
#include <string.h>

#include "memory/memory.h"

#define UPVALUE_SHIFT 32 /* an upvalue of an object has a number above those of all objects */
#define ALIGNMENT 16     /* of what is shown: that of real addresses */
#define FIRST_BUCKETS 16

typedef struct StringSerial {
  struct StringSerial *next;
  const Str *string;
  uint32_t serial;
} StringSerial;

/* Strings lie at multiples of 16. */
static StringSerial **bucket_of(const StringSerials *table, const Str *s) {
  return &table->buckets[((uintptr_t)s >> 4) & table->mask];
}

static void resize_buckets(Thread *L, StringSerials *table, uint32_t count) {
  StringSerials fresh = {memory_array(L, NULL, 0, count, sizeof *fresh.buckets), count - 1, 0};
  fresh.used = table->used; /* an emergency may have freed some */
  memset(fresh.buckets, 0, count * sizeof *fresh.buckets);
  for (uint32_t i = 0; table->buckets != NULL && i <= table->mask; i++) {
    for (StringSerial *entry = table->buckets[i]; entry != NULL;) {
      StringSerial *next = entry->next;
      StringSerial **bucket = bucket_of(&fresh, entry->string);
      entry->next = *bucket;
      *bucket = entry;
      entry = next;
    }
  }
  serial_table_free(L->vm);
  *table = fresh;
}

static uint32_t string_serial(Thread *L, Str *s) {
  StringSerials *table = &L->vm->string_serials;
  if (s->flags & STR_NUMBERED) {
    const StringSerial *entry = *bucket_of(table, s);
    while (entry->string != s) entry = entry->next;
    return entry->serial;
  }
  if (table->buckets == NULL)
    resize_buckets(L, table, FIRST_BUCKETS);
  else if (table->used > table->mask && table->mask < UINT32_MAX / 4)
    resize_buckets(L, table, (table->mask + 1) * 2);
  StringSerial *entry = memory_allocate(L, sizeof *entry);
  StringSerial **bucket = bucket_of(table, s);
  *entry = (StringSerial){*bucket, s, serial_next(L->vm)};
  *bucket = entry;
  table->used++;
  s->flags |= STR_NUMBERED;
  return entry->serial;
}

void serial_forget(VM *vm, const Str *s) {
  StringSerials *table = &vm->string_serials;
  StringSerial **link = bucket_of(table, s);
  while ((*link)->string != s) link = &(*link)->next;
  StringSerial *entry = *link;
  *link = entry->next;
  table->used--;
  memory_free(vm, entry, sizeof *entry);
}

void serial_table_free(VM *vm) {
  StringSerials *table = &vm->string_serials;
  if (table->buckets != NULL) memory_free(vm, table->buckets, (table->mask + (size_t)1) * sizeof *table->buckets);
  table->buckets = NULL;
}

uint64_t serial_address(Thread *L, const Value *v) {
  if (is_string(v)) return (uint64_t)string_serial(L, v->str) * ALIGNMENT;
  if (is_collectable(v)) return (uint64_t)serial_of(L->vm, v->object) * ALIGNMENT;
  return v->tag == TAG_LIGHT ? v->bits : 0;
}

uint64_t serial_upvalue_address(VM *vm, void *object, int n) {
  return (serial_of(vm, object) | (uint64_t)(uint32_t)n << UPVALUE_SHIFT) * ALIGNMENT;
}

size_t serial_write(char *out, Thread *L, const Value *v) {
  uint64_t address = serial_address(L, v);
  if (v->tag != TAG_LIGHT) return (size_t)snprintf(out, SERIAL_TEXT, "0x%012" PRIx64, address);
  return (size_t)(address == 0 ? snprintf(out, SERIAL_TEXT, "(nil)") : snprintf(out, SERIAL_TEXT, "0x%" PRIx64, address));
}
