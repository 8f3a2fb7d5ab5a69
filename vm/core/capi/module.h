/* C modules: shared libraries of the system. */
#ifndef PERILUNE_CAPI_MODULE_H
#define PERILUNE_CAPI_MODULE_H

#include "objects/vm.h"

enum ModuleResult { MODULE_LOADED, MODULE_NOT_OPENED, MODULE_NO_FUNCTION, MODULE_NOT_SUPPORTED };

/* Pushes the function of that name of a library, or true for the name "*", which only makes the library's symbols known to
   others; else pushes why not. Libraries stay loaded to the end, as objects may have finalizers in them. */
enum ModuleResult module_load(Thread *L, const char *path, const char *function);

#endif
