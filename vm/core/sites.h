/* Sites: memory by the instruction that allocated it. Every code word of a profiled function is a site; the allocator
   remembers the site of every block. */
#ifndef PERILUNE_SITES_H
#define PERILUNE_SITES_H

#include "heap.h"

enum { SITE_BEFORE /* blocks from before the profile */, SITE_OUTSIDE /* no Lua function was running */, FIRST_SITE };

/* What a site has taken from the allocator, and what of it has not been released. `peak_live` is what `live` was when
   the heap was largest, if `epoch` is the sites'; otherwise `live` has not changed since. */
typedef struct Site {
  uint64_t allocations;
  uint64_t bytes;
  uint64_t live;
  uint64_t peak_live;
  uint64_t epoch;
} Site;

/* Blocks of one kind from one site. */
typedef struct SiteKind {
  uint32_t site;
  uint32_t kind;
  uint64_t bytes;
  uint64_t objects;
} SiteKind;

typedef struct Sites {
  Site *array;
  uint32_t count;
  uint32_t capacity;
  uint64_t epoch; /* grows with every new peak of the heap */
  SiteKind *kinds; /* by site, then kind */
  uint32_t kind_count;
} Sites;

/* Adds so many sites that follow each other; 0 if there is no memory for them. */
uint32_t sites_add(Sites *sites, uint32_t count);
void sites_delete(Sites *sites);

static inline void site_change_live(Sites *sites, uint32_t site, size_t added, size_t removed) {
  Site *s = &sites->array[site];
  if (s->epoch != sites->epoch) {
    s->peak_live = s->live;
    s->epoch = sites->epoch;
  }
  s->live += added - removed;
}

static inline uint64_t site_peak_live(const Sites *sites, uint32_t site) {
  const Site *s = &sites->array[site];
  return s->epoch == sites->epoch ? s->peak_live : s->live;
}

/* Sorts what is live by site and kind; false if there is no memory for it. */
bool sites_count_kinds(Sites *sites, VM *vm);

#endif
