"""The opcode table: the only place where an instruction is defined.

The C header, the verifier's checks, the disassembler, the assembler, the documentation and the bytecode version are
derived from `OPCODES`.

The machine is an operand-stack machine whose height is known at compile time at every instruction: locals and operands
live on one value stack, a push writes the slot just above the top, a pop reads the top, and the compiler writes the
slot's number into the instruction. So the stack pointer costs nothing at run time, and an operand that is a local needs
no push at all.

An instruction is one 32-bit word, `opcode | A << 8 | B << 16 | C << 24`, or with wider operands
`opcode | A << 8 | Bx << 16` or `opcode | J << 8`, and for some opcodes a second word `X`.
"""

from __future__ import annotations

import hashlib
import re

# Operand notation, "FIELD:kind" in the order in which assembly text lists them.
#
#   A B C  8-bit fields      Bx  16-bit field      J  24-bit signed field      X  the second word
#
KINDS = {
    "w": "slot written",
    "r": "slot read",
    "m": "slot read and written",
    "a": "first slot of a range",
    "k": "constant",
    "num": "constant that is a number",
    "key": "constant that is a short string in X's low half; its high half is an inline-cache hint",
    "i": "signed integer",
    "n": "unsigned integer",
    "v": "count of values; 0 is an open number, up to the dynamic top",
    "u": "upvalue",
    "p": "nested function",
    "jump": "signed distance in words from the end of the instruction",
}


class Opcode:
    """One row of the table.

    `effect` says which slots are read and written (`effects.py`). `flow` is "next", "branch" (may jump), "jump" (always
    jumps) or "exit" (leaves the function). `event` is the metamethod that it may call, without the underscores.
    """

    __slots__ = ("code", "effect", "event", "flow", "meaning", "name", "operands", "words")

    def __init__(
        self,
        code: int,
        name: str,
        operands: str,
        effect: str,
        meaning: str,
        flow: str = "next",
        event: str = "",
    ) -> None:
        self.code = code
        self.name = name
        self.operands: tuple[tuple[str, str], ...] = tuple(
            (field, kind) for field, _, kind in (operand.partition(":") for operand in operands.split())
        )
        self.effect = effect
        self.meaning = meaning
        self.flow = flow
        self.event = event
        self.words = 2 if any(field == "X" for field, _ in self.operands) else 1

    def __repr__(self) -> str:
        return f"Opcode({self.name})"


_SLOT3 = "A:w B:r C:r"
_ARITHMETIC = (
    ("ADD", "+"),
    ("SUB", "-"),
    ("MUL", "*"),
    ("DIV", "/"),
    ("MOD", "%"),
    ("IDIV", "//"),
    ("POW", "^"),
    ("BAND", "&"),
    ("BOR", "|"),
    ("BXOR", "~"),
    ("SHL", "<<"),
    ("SHR", ">>"),
)

# name, operands, stack effect (slots read -- slots written), meaning, then flow and the metamethod where they matter
_ROWS: list[tuple[str, ...]] = [
    # moves and constants
    ("MOVE", "A:w B:r", "b -- a", "s[A] = s[B]"),
    ("LOADI", "A:w Bx:i", "-- a", "s[A] = the integer Bx"),
    ("LOADF", "A:w Bx:i", "-- a", "s[A] = the integer Bx as a float"),
    ("LOADK", "A:w Bx:k", "-- a", "s[A] = k[Bx]"),
    ("LOADKX", "A:w X:k", "-- a", "s[A] = k[X]"),
    ("LOADNIL", "A:a B:n", "-- a..a+B", "s[A] to s[A+B] = nil"),
    ("LOADTRUE", "A:w", "-- a", "s[A] = true"),
    ("LOADFALSE", "A:w", "-- a", "s[A] = false"),
    ("GETUPVAL", "A:w B:u", "-- a", "s[A] = upvalue B"),
    ("SETUPVAL", "A:r B:u", "a --", "upvalue B = s[A]"),
    # tables; a key in X carries an inline-cache hint
    ("GETGLOBAL", "A:w B:u X:key", "-- a", "s[A] = upvalue B [key]", "next", "index"),
    ("SETGLOBAL", "A:r B:u X:key", "a --", "upvalue B [key] = s[A]", "next", "newindex"),
    ("GETFIELD", "A:w B:r X:key", "b -- a", "s[A] = s[B][key]", "next", "index"),
    ("SETFIELD", "A:r B:r X:key", "a b --", "s[A][key] = s[B]", "next", "newindex"),
    ("SETFIELDK", "A:r B:k X:key", "a --", "s[A][key] = k[B]", "next", "newindex"),
    ("GETINDEX", _SLOT3, "b c -- a", "s[A] = s[B][s[C]]", "next", "index"),
    ("SETINDEX", "A:r B:r C:r", "a b c --", "s[A][s[B]] = s[C]", "next", "newindex"),
    ("SETINDEXK", "A:r B:r C:k", "a b --", "s[A][s[B]] = k[C]", "next", "newindex"),
    ("GETINT", "A:w B:r C:n", "b -- a", "s[A] = s[B][C]", "next", "index"),
    ("SETINT", "A:r B:n C:r", "a c --", "s[A][B] = s[C]", "next", "newindex"),
    ("SELF", "A:a B:r X:key", "b -- a a+1", "s[A+1] = s[B]; s[A] = s[B][key], the method for a call", "next", "index"),
    ("NEWTABLE", "A:w B:n X:n", "-- a", "s[A] = {} with room for X items and, if B > 0, 2^(B-1) fields"),
    ("SETLIST", "A:a B:v X:n", "a a+1..a+B --", "s[A][X+i] = s[A+i] for i = 1 to B; B = 0: to the open top"),
    # arithmetic: slots, slot and constant, constant and slot, slot and small integer
    *((name, _SLOT3, "b c -- a", f"s[A] = s[B] {sign} s[C]", "next", name.lower()) for name, sign in _ARITHMETIC),
    *(
        (name + "K", "A:w B:r C:num", "b -- a", f"s[A] = s[B] {sign} k[C]", "next", name.lower())
        for name, sign in _ARITHMETIC
    ),
    *(
        ("R" + name + "K", "A:w B:r C:num", "b -- a", f"s[A] = k[C] {sign} s[B]", "next", name.lower())
        for name, sign in _ARITHMETIC[:4]
    ),
    ("ADDI", "A:w B:r C:i", "b -- a", "s[A] = s[B] + C", "next", "add"),
    ("SUBI", "A:w B:r C:i", "b -- a", "s[A] = s[B] - C", "next", "sub"),
    ("UNM", "A:w B:r", "b -- a", "s[A] = -s[B]", "next", "unm"),
    ("BNOT", "A:w B:r", "b -- a", "s[A] = ~s[B]", "next", "bnot"),
    ("NOT", "A:w B:r", "b -- a", "s[A] = not s[B]"),
    ("LEN", "A:w B:r", "b -- a", "s[A] = #s[B]", "next", "len"),
    ("CONCAT", "A:a B:n", "a..a+B-1 -- a", "s[A] = s[A] .. ... .. s[A+B-1]; B is at least 2", "next", "concat"),
    # jumps; a conditional jump's distance stands in X
    ("JMP", "J:jump", "--", "jump", "jump"),
    ("JT", "A:r X:jump", "a --", "jump if s[A] is neither nil nor false", "branch"),
    ("JF", "A:r X:jump", "a --", "jump if s[A] is nil or false", "branch"),
    ("JTMOVE", "A:w B:r X:jump", "b -- a", "if s[B] is neither nil nor false: s[A] = s[B] and jump", "branch"),
    ("JFMOVE", "A:w B:r X:jump", "b -- a", "if s[B] is nil or false: s[A] = s[B] and jump", "branch"),
    ("JEQ", "A:r B:r X:jump", "a b --", "jump if s[A] == s[B]", "branch", "eq"),
    ("JNE", "A:r B:r X:jump", "a b --", "jump if not s[A] == s[B]", "branch", "eq"),
    ("JLT", "A:r B:r X:jump", "a b --", "jump if s[A] < s[B]", "branch", "lt"),
    ("JNLT", "A:r B:r X:jump", "a b --", "jump if not s[A] < s[B]", "branch", "lt"),
    ("JLE", "A:r B:r X:jump", "a b --", "jump if s[A] <= s[B]", "branch", "le"),
    ("JNLE", "A:r B:r X:jump", "a b --", "jump if not s[A] <= s[B]", "branch", "le"),
    ("JEQK", "A:r B:k X:jump", "a --", "jump if s[A] == k[B]", "branch"),
    ("JNEK", "A:r B:k X:jump", "a --", "jump if not s[A] == k[B]", "branch"),
    ("JLTK", "A:r B:num X:jump", "a --", "jump if s[A] < k[B]", "branch", "lt"),
    ("JNLTK", "A:r B:num X:jump", "a --", "jump if not s[A] < k[B]", "branch", "lt"),
    ("JLEK", "A:r B:num X:jump", "a --", "jump if s[A] <= k[B]", "branch", "le"),
    ("JNLEK", "A:r B:num X:jump", "a --", "jump if not s[A] <= k[B]", "branch", "le"),
    ("JGTK", "A:r B:num X:jump", "a --", "jump if s[A] > k[B]", "branch", "lt"),
    ("JNGTK", "A:r B:num X:jump", "a --", "jump if not s[A] > k[B]", "branch", "lt"),
    ("JGEK", "A:r B:num X:jump", "a --", "jump if s[A] >= k[B]", "branch", "le"),
    ("JNGEK", "A:r B:num X:jump", "a --", "jump if not s[A] >= k[B]", "branch", "le"),
    # calls; a count field holds the number plus one, 0 means open: up to the dynamic top
    (
        "CALL",
        "A:a B:v C:v",
        "a a+1..a+B-1 -- a..a+C-2 ..",
        "s[A].. = s[A](s[A+1] .. s[A+B-1]), C-1 results; B = 0: open arguments; C = 0: open results",
    ),
    ("TAILCALL", "A:a B:v", "a a+1..a+B-1 -- a ..", "return s[A](s[A+1] .. s[A+B-1]) in this frame's place", "exit"),
    ("RETURN", "A:a B:v", "a..a+B-2 --", "return s[A] .. s[A+B-2]; B = 0: to the open top", "exit", "close"),
    ("RETURN0", "", "--", "return nothing", "exit", "close"),
    ("RETURN1", "A:r", "a --", "return s[A]", "exit", "close"),
    (
        "RETURNC",
        "A:a B:v",
        "a..a+B-2 --",
        "as RETURN, after closing upvalues and to-be-closed variables of the frame",
        "exit",
        "close",
    ),
    ("VARARG", "A:a C:v", "-- a..a+C-2", "s[A].. = C-1 extra arguments; C = 0: all, open"),
    # loops
    (
        "FORPREP",
        "A:a X:jump",
        "a a+1 a+2 -- a..a+3",
        "check and prepare start s[A], limit s[A+1], step s[A+2]; s[A+3] = start; jump if the loop runs no time",
        "branch",
    ),
    (
        "FORLOOP",
        "A:a X:jump",
        "a a+1 a+2 -- a a+1 a+3",
        "s[A+3] = next value and jump back, or leave the loop",
        "branch",
    ),
    ("TFORPREP", "A:a X:jump", "a+3 --", "mark s[A+3] to be closed; jump", "jump"),
    ("TFORCALL", "A:a C:n", "a a+1 a+2 -- a+4..a+6 a+4..a+3+C ..", "s[A+4] .. s[A+3+C] = s[A](s[A+1], s[A+2])"),
    ("TFORLOOP", "A:a X:jump", "a+4 -- a+2", "if s[A+4] ~= nil: s[A+2] = s[A+4] and jump back", "branch"),
    # closures
    ("CLOSURE", "A:w Bx:p", "-- a", "s[A] = a closure of nested function Bx"),
    ("CLOSE", "A:a", "--", "close upvalues and to-be-closed variables from s[A] up", "next", "close"),
    ("TBC", "A:r", "a --", "mark s[A] to be closed"),
    # the classic stack operations; A is the slot of the top operand
    ("NOP", "", "--", "nothing"),
    ("DUP", "A:a", "x -- x x", "push the top again"),
    ("DROP", "A:a", "x --", "pop the top; its slot becomes nil"),
    ("SWAP", "A:a", "x y -- y x", "exchange the two topmost"),
    ("OVER", "A:a", "x y -- x y x", "push the second again"),
    ("ROT", "A:a", "x y z -- y z x", "bring the third to the top"),
    ("DUP2", "A:a", "x y -- x y x y", "push the two topmost again"),
    ("DROP2", "A:a", "x y --", "pop the two topmost; their slots become nil"),
    ("SWAP2", "A:a", "w x y z -- y z w x", "exchange the two topmost pairs"),
    ("OVER2", "A:a", "w x y z -- w x y z w x", "push the second pair again"),
]

OPCODES: tuple[Opcode, ...] = tuple(Opcode(code, *row) for code, row in enumerate(_ROWS))
BY_NAME: dict[str, Opcode] = {opcode.name: opcode for opcode in OPCODES}

# Classic names that are not identifiers, understood by the assembler.
ALIASES = {"2DUP": "DUP2", "2DROP": "DROP2", "2SWAP": "SWAP2", "2OVER": "OVER2"}

MAX_SLOTS = 254
"""Slots that one function may use, locals and operands together."""

MAX_HINTED_KEY = 0xFFFF
"""Highest constant index that fits the key half of X."""


def _version() -> bytes:
    table = "\n".join("|".join(row) for row in _ROWS)
    return hashlib.sha256(re.sub(r"\s+", " ", table).encode()).digest()[:8]


VERSION: bytes = _version()
"""Eight bytes that change with the table; a binary chunk made for another table is refused."""
