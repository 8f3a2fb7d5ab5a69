/* The map from keys to numbers, by open addressing, and the one place where the recorder takes memory. */
#include "key_map.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

void *recorder_resize(void *block, size_t size) {
  if (size == 0) {
    free(block);
    return NULL;
  }
  return realloc(block, size);
}

static uint32_t hash(const Key *key) {
  uint64_t h = key->words[0];
  for (int i = 1; i < 3; i++) h = (h ^ (h >> 29)) * 0x9E3779B97F4A7C15u + key->words[i];
  h = (h ^ (h >> 32)) * 0xD6E8FEB86659FD93u;
  return (uint32_t)(h >> 32);
}

static KeyEntry *place(KeyEntry *entries, uint32_t capacity, const Key *key) {
  uint32_t at = hash(key) & (capacity - 1);
  while (entries[at].number != 0 && memcmp(&entries[at].key, key, sizeof *key) != 0) at = (at + 1) & (capacity - 1);
  return &entries[at];
}

static bool grow(KeyMap *map) {
  uint32_t capacity = map->capacity == 0 ? FIRST_CAPACITY : 2 * map->capacity;
  KeyEntry *entries = recorder_resize(NULL, capacity * sizeof *entries);
  if (entries == NULL) return false;
  memset(entries, 0, capacity * sizeof *entries);
  for (uint32_t i = 0; i < map->capacity; i++)
    if (map->entries[i].number != 0) *place(entries, capacity, &map->entries[i].key) = map->entries[i];
  recorder_resize(map->entries, 0);
  map->entries = entries;
  map->capacity = capacity;
  return true;
}

uint32_t key_map_number(KeyMap *map, Key key) {
  if (2 * map->count >= map->capacity && !grow(map)) return 0;
  KeyEntry *entry = place(map->entries, map->capacity, &key);
  if (entry->number == 0) *entry = (KeyEntry){key, ++map->count};
  return entry->number;
}

void key_map_clear(KeyMap *map) {
  recorder_resize(map->entries, 0);
  *map = (KeyMap){NULL, 0, 0};
}
