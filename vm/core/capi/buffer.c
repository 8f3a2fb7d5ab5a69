/* The buffers of the auxiliary library. A small one is in the luaL_Buffer itself, and something stands for it in its place
   on the stack; the bytes of a large one are a userdata's there, so that an error or the collector releases them. */
#include <limits.h>
#include <string.h>

#include "capi.h"

static bool is_large(const luaL_Buffer *b) { return b->b != b->init.b; }

void luaL_buffinit(lua_State *S, luaL_Buffer *b) {
  b->L = S;
  b->b = b->init.b;
  b->n = 0;
  b->size = LUAL_BUFFERSIZE;
  lua_pushlightuserdata(S, b);
}

/* Room for `more` bytes; the buffer's place is at the index. */
static char *reserve(luaL_Buffer *b, size_t more, int place) {
  if (LIKELY(b->size - b->n >= more)) return b->b + b->n;
  if (more > (size_t)PTRDIFF_MAX - b->n) luaL_error(b->L, "buffer too large");
  size_t size = b->size > (size_t)PTRDIFF_MAX / 3 * 2 ? (size_t)PTRDIFF_MAX : b->size / 2 * 3;
  if (size < b->n + more) size = b->n + more;
  Thread *L = state_thread(b->L);
  if (is_large(b)) {
    Userdata *owner = capi_at(L, place)->userdata;
    owner->data = memory_resize(L, owner->data, owner->size, size);
    owner->size = size;
    b->b = owner->data;
  } else {
    Userdata *owner = push_userdata(L, 0, 0);
    L->top--;
    set_object(capi_at(L, place), owner, TAG_USERDATA);
    owner->data = NULL;
    owner->data = memory_allocate(L, size);
    owner->size = size;
    memcpy(owner->data, b->b, b->n);
    b->b = owner->data;
  }
  b->size = size;
  return b->b + b->n;
}

char *luaL_prepbuffsize(luaL_Buffer *b, size_t size) { return reserve(b, size, -1); }

char *luaL_buffinitsize(lua_State *S, luaL_Buffer *b, size_t size) {
  luaL_buffinit(S, b);
  return luaL_prepbuffsize(b, size);
}

void luaL_addlstring(luaL_Buffer *b, const char *text, size_t length) {
  if (length == 0) return;
  memcpy(reserve(b, length, -1), text, length);
  b->n += length;
}

void luaL_addstring(luaL_Buffer *b, const char *text) { luaL_addlstring(b, text, strlen(text)); }

void luaL_addvalue(luaL_Buffer *b) {
  size_t length;
  const char *text = lua_tolstring(b->L, -1, &length);
  memcpy(reserve(b, length, -2), text, length);
  b->n += length;
  lua_pop(b->L, 1);
}

void luaL_pushresult(luaL_Buffer *b) {
  Thread *L = state_thread(b->L);
  Str *text = str_new(L, b->b, b->n);
  Value *place = L->top - 1;
  if (is_large(b)) { /* its bytes are not needed any more: do not wait for the collector */
    Userdata *owner = place->userdata;
    memory_free(L->vm, owner->data, owner->size);
    owner->data = NULL;
    owner->size = 0;
  }
  set_str(place, text);
  capi_check_gc(L);
}

void luaL_pushresultsize(luaL_Buffer *b, size_t size) {
  luaL_addsize(b, size);
  luaL_pushresult(b);
}

void luaL_addgsub(luaL_Buffer *b, const char *text, const char *what, const char *replacement) {
  size_t length = strlen(what);
  for (const char *found; (found = strstr(text, what)) != NULL; text = found + length) {
    luaL_addlstring(b, text, (size_t)(found - text));
    luaL_addstring(b, replacement);
  }
  luaL_addstring(b, text);
}

const char *luaL_gsub(lua_State *S, const char *text, const char *what, const char *replacement) {
  luaL_Buffer b;
  luaL_buffinit(S, &b);
  luaL_addgsub(&b, text, what, replacement);
  luaL_pushresult(&b);
  return lua_tostring(S, -1);
}
