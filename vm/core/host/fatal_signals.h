/* Signals that end the process. */
#ifndef PERILUNE_HOST_FATAL_SIGNALS_H
#define PERILUNE_HOST_FATAL_SIGNALS_H

/* From now on the first of those that the host leaves to the system has `rescue` called before it ends the process, as it
   would have. Once in a process. */
void signals_catch(void (*rescue)(void));
/* What was caught ends the process at once. */
void signals_to_default(void);

#endif
