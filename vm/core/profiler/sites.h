/* Sites: memory by the instruction that allocated it. Every code word of a profiled function is a site, and so is its
   beginning; the allocator remembers the site of every block. */
#ifndef PERILUNE_SITES_H
#define PERILUNE_SITES_H

#include "memory/heap.h"

enum { SITE_BEFORE /* blocks from before the profile */, SITE_OUTSIDE /* no Lua function was running */, FIRST_SITE };

/* What a site has taken from the allocator. `gone` is what of its bytes is not live: released, or another site's since a
   block has grown there. `epoch` is when the figures were last brought up to date: see Sites. `peak_live` is what was live
   when the heap was largest, if they have been since; otherwise nothing has changed since. `driven` is the work of the
   collector that the site's bytes have driven in all its cycles before `cycle`, `counted` so many bytes there were then. */
typedef struct Site {
  uint64_t allocations;
  uint64_t bytes;
  uint64_t gone;
  uint64_t epoch;
  uint64_t peak_live;
  uint64_t driven;
  uint64_t counted;
  uint64_t cycle;
} Site;

/* The collector's work between the ends of two of its cycles, in whatever unit, and the bytes that were allocated
   meanwhile, which drove it. */
typedef struct Cycle {
  uint64_t work;
  uint64_t bytes;
} Cycle;

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
  uint64_t epoch; /* grows with every new peak of the heap, and with every cycle of the collector */
  uint64_t peak_epoch; /* what it was after the last peak */
  Cycle *cycles;       /* that have ended */
  uint32_t cycle_count;
  uint32_t cycle_capacity;
  Cycle cycle; /* the present one; its bytes are how many had been allocated when it began */
  uint64_t *ended; /* what was live when the program ended, of the first `ended_count` sites; NULL: it is what is live */
  uint32_t ended_count;
  SiteKind *kinds; /* by site, then kind */
  uint32_t kind_count;
} Sites;

/* Adds so many sites that follow each other; 0 if there is no memory for them. */
uint32_t sites_add(Sites *sites, uint32_t count);
void sites_delete(Sites *sites);

/* When the program ended, or now. */
static inline uint64_t site_live(const Sites *sites, uint32_t site) {
  if (sites->ended != NULL) return site < sites->ended_count ? sites->ended[site] : 0;
  return sites->array[site].bytes - sites->array[site].gone;
}

static inline uint64_t site_peak_live(const Sites *sites, uint32_t site) {
  const Site *s = &sites->array[site];
  return s->epoch >= sites->peak_epoch ? s->peak_live : s->bytes - s->gone;
}

static inline void sites_note_peak(Sites *sites) { sites->peak_epoch = ++sites->epoch; }

/* Brings a site's figures up to date. */
void site_update(const Sites *sites, Site *s);

static inline bool site_is_stale(const Sites *sites, uint32_t site) {
  return sites->array[site].epoch != sites->epoch;
}

/* A site whose live bytes are about to change. */
static inline Site *site_to_change(Sites *sites, uint32_t site) {
  Site *s = &sites->array[site];
  if (UNLIKELY(site_is_stale(sites, site))) site_update(sites, s);
  return s;
}

/* A cycle of the collector ends, when so many bytes have been allocated. */
void sites_end_cycle(Sites *sites, uint64_t allocated_bytes);
/* The profile ends: the figures of all sites are complete. */
void sites_complete(Sites *sites, uint64_t allocated_bytes);

/* Sorts what is live by site and kind; false if there is no memory for it. */
bool sites_count_kinds(Sites *sites, VM *vm);
/* The program has ended: what is live now stays what site_live tells. False if there is no memory for it. */
bool sites_end(Sites *sites);

#endif
