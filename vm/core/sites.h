/* Sites: memory by the instruction that allocated it. Every code word of a profiled function is a site, and so is its
   beginning; the allocator remembers the site of every block. */
#ifndef PERILUNE_SITES_H
#define PERILUNE_SITES_H

#include "heap.h"

enum { SITE_BEFORE /* blocks from before the profile */, SITE_OUTSIDE /* no Lua function was running */, FIRST_SITE };

/* What a site has taken from the allocator. `gone` is what of its bytes is not live: released, or another site's since a
   block has grown there. `peak_live` is what was live when the heap was largest, if `epoch` is the sites'; otherwise
   nothing has changed since. */
typedef struct Site {
  uint64_t allocations;
  uint64_t bytes;
  uint64_t gone;
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

static inline uint64_t site_live(const Sites *sites, uint32_t site) {
  return sites->array[site].bytes - sites->array[site].gone;
}

static inline uint64_t site_peak_live(const Sites *sites, uint32_t site) {
  const Site *s = &sites->array[site];
  return s->epoch == sites->epoch ? s->peak_live : site_live(sites, site);
}

/* A site whose live bytes are about to change. */
static inline Site *site_to_change(Sites *sites, uint32_t site) {
  Site *s = &sites->array[site];
  if (UNLIKELY(s->epoch != sites->epoch)) {
    s->peak_live = s->bytes - s->gone;
    s->epoch = sites->epoch;
  }
  return s;
}

/* Sorts what is live by site and kind; false if there is no memory for it. */
bool sites_count_kinds(Sites *sites, VM *vm);

#endif
