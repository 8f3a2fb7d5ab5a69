/* A map from keys of three words to small numbers: what of a recording was written already, and as which number. */
#ifndef RECORDER_KEY_MAP_H
#define RECORDER_KEY_MAP_H

#include <stddef.h>
#include <stdint.h>

typedef struct Key {
  uint64_t words[3];
} Key;

typedef struct KeyEntry {
  Key key;
  uint32_t number; /* 0 where there is no entry */
} KeyEntry;

typedef struct KeyMap {
  KeyEntry *entries;
  uint32_t capacity; /* a power of two, or 0 */
  uint32_t count;
} KeyMap;

/* The number of a key; a new one, the count so far plus 1, where it has none. 0 if there is no memory. */
uint32_t key_map_number(KeyMap *map, Key key);
void key_map_clear(KeyMap *map);

/* The recorder's memory: `block` with room for `size` bytes, freed for 0; NULL if there is none. It is not the program's, so
   that recording changes nothing in it. */
void *recorder_resize(void *block, size_t size);

#endif
