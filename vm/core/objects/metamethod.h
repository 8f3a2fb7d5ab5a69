/* The metamethods: names and order. */
#ifndef PERILUNE_METAMETHOD_H
#define PERILUNE_METAMETHOD_H

#include "object.h"

/* The first eight may be cached as absent in Table.absent. The arithmetic ones stand in the order of the opcodes. */
#define METAMETHODS(X)                                                                                              \
  X(INDEX, "__index")                                                                                               \
  X(NEWINDEX, "__newindex")                                                                                         \
  X(GC, "__gc")                                                                                                     \
  X(MODE, "__mode")                                                                                                 \
  X(LEN, "__len")                                                                                                   \
  X(EQ, "__eq")                                                                                                     \
  X(CALL, "__call")                                                                                                 \
  X(METATABLE, "__metatable")                                                                                       \
  X(ADD, "__add")                                                                                                   \
  X(SUB, "__sub")                                                                                                   \
  X(MUL, "__mul")                                                                                                   \
  X(DIV, "__div")                                                                                                   \
  X(MOD, "__mod")                                                                                                   \
  X(IDIV, "__idiv")                                                                                                 \
  X(POW, "__pow")                                                                                                   \
  X(BAND, "__band")                                                                                                 \
  X(BOR, "__bor")                                                                                                   \
  X(BXOR, "__bxor")                                                                                                 \
  X(SHL, "__shl")                                                                                                   \
  X(SHR, "__shr")                                                                                                   \
  X(UNM, "__unm")                                                                                                   \
  X(BNOT, "__bnot")                                                                                                 \
  X(LT, "__lt")                                                                                                     \
  X(LE, "__le")                                                                                                     \
  X(CONCAT, "__concat")                                                                                             \
  X(CLOSE, "__close")                                                                                               \
  X(TOSTRING, "__tostring")                                                                                         \
  X(NAME, "__name")                                                                                                 \
  X(PAIRS, "__pairs")

enum Metamethod {
#define X(name, text) METAMETHOD_##name,
  METAMETHODS(X)
#undef X
      METAMETHOD_COUNT
};
#define METAMETHOD_CACHED 8

#endif
