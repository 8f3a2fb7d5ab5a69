/* Which slots of a frame are still in use: what the collector may leave out. */
#ifndef PERILUNE_LIVENESS_H
#define PERILUNE_LIVENESS_H

#include "objects/object.h"

/* One number for every code word: before its instruction, no slot from this number on will be read before it is written,
   nor belongs to a local variable in scope. Captured and to-be-closed slots are not looked at. Made at the first call
   and kept with the function; NULL if there is no memory for it. */
const uint8_t *live_slots(Proto *p);
void live_slots_free(Proto *p);

#endif
