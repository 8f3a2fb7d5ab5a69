/* The configuration that C modules for Lua 5.4 are built with on every usual system: 64-bit integers, double floats. */
#ifndef luaconf_h
#define luaconf_h

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#if defined(_WIN32)
#define LUA_API __declspec(dllexport) extern
#elif defined(__GNUC__)
#define LUA_API __attribute__((visibility("default"))) extern
#else
#define LUA_API extern
#endif
#define LUALIB_API LUA_API
#define LUAMOD_API LUA_API

#define LUA_INTEGER long long
#define LUA_UNSIGNED unsigned LUA_INTEGER
#define LUA_MAXINTEGER LLONG_MAX
#define LUA_MININTEGER LLONG_MIN
#define LUA_MAXUNSIGNED ULLONG_MAX
#define LUA_INTEGER_FRMLEN "ll"
#define LUA_INTEGER_FMT "%lld"
#define LUA_NUMBER double
#define LUA_NUMBER_FMT "%.14g"
#define LUA_KCONTEXT intptr_t
#define LUAI_UACNUMBER double
#define LUAI_UACINT LUA_INTEGER
#define LUAI_NUMFFORMAT LUA_NUMBER_FMT

#define lua_integer2str(out, size, n) snprintf((out), (size), LUA_INTEGER_FMT, (LUAI_UACINT)(n))
#define lua_number2str(out, size, n) snprintf((out), (size), LUA_NUMBER_FMT, (LUAI_UACNUMBER)(n))
#define lua_numbertointeger(n, p) \
  ((n) >= (LUA_NUMBER)LUA_MININTEGER && (n) < -(LUA_NUMBER)LUA_MININTEGER && (*(p) = (LUA_INTEGER)(n), 1))

#define LUAI_MAXSTACK 1000000
#define LUA_EXTRASPACE (sizeof(void *))
#define LUA_IDSIZE 60
#define LUAL_BUFFERSIZE ((int)(16 * sizeof(void *) * sizeof(LUA_NUMBER)))
#define LUAI_MAXALIGN \
  LUA_NUMBER n;       \
  double u;           \
  void *s;            \
  LUA_INTEGER i;      \
  long l

#if defined(_WIN32)
#define LUA_DIRSEP "\\"
#else
#define LUA_DIRSEP "/"
#endif
#define LUA_PATH_SEP ";"
#define LUA_PATH_MARK "?"
#define LUA_EXEC_DIR "!"

#define luai_apicheck(L, condition) ((void)(L))
#define lua_getlocaledecpoint() '.'

#endif
