/* The profiles of the machines that a host makes: begun with them, measured while the host calls them, sent to the server when
   they close, when the process ends, and in between, so that a crash or a kill leaves what was there a moment before. */
#ifndef PERILUNE_HOST_PROFILES_H
#define PERILUNE_HOST_PROFILES_H

#include "server.h"

/* From now on every new machine is profiled. */
void profiles_open(Wishes wishes);
/* The process ends, or a signal is about to end it: sends the profiles of all machines that are open. */
void profiles_close(void);
void profiles_rescue(void);

#endif
