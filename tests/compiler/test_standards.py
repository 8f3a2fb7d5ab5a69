"""The static errors of Lua 5.1, 5.2 and 5.3: the same line and the same words as their `luac`, over many broken files."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from perilune.compiler.source import Source
from perilune.compiler.standard_parser import check_standard

PROGRAMS = sorted((Path(__file__).parent.parent / "lua").rglob("*.lua"))
TOKEN = re.compile(rb'[A-Za-z_]\w*|\d[\w.]*|"[^"\n]*"|\s+|\.\.\.?|::|//|<<|>>|[=~<>]=|.', re.DOTALL)
MISFITS = [
    *b'end do x ( ) = goto ::a:: break return ; , { } [[ ]] " 0x1p4 3x 1..2 0x.8 0x 3e ... // ~ & << | local'.split(),
    *b"function repeat until for in @ --[[ [=[ [= and not # : . .. \\ 0xep1 0x1p+4 1e+ if then else while true".split(),
    *rb"""'\x "\q" "\300" "\xfg" "\u{110000}" "\u{12" "\u" "\xZ""".split(),
    *(b"goto a", b"local a local b", b"\n(", b"\x01", b"\xc3", b'"\\z\n"', b'"\\\n"', b"elseif x then"),
]
NAMED = [
    "goto = 1",
    "goto nowhere",
    "::a:: ::a::",
    "do goto a local x ::a:: print(x) end",
    "repeat goto a local x ::a:: until x",
    "for i = 1, 2 do goto on ::on:: end",
    "break",
    "function f() break end",
    "return 1; print()",
    "f\n(x)",
    "local " + ", ".join(f"a{n}" for n in range(201)),
    "local a = " + "(" * 250 + ")" * 250,
    # The function around the one that reads them has too many first.
    "".join(f"local a{n}\n" for n in range(150))
    + "function f()\n return function() return "
    + ", ".join(f"a{n}" for n in range(61))
    + " end\nend",
    "x = 7 // 2",
    "x = ~1 & 2",
    "local x <const> = 1",
    ";;",
    "f() = 1",
    "(a) = 1",
    "a.b:c = 1",
    "x = function(a, ...) return ... end function g() return ... end",
    "[[ a [[ b ]]",
    "--[==[ never closed",
    'x = "open',
    "# a comment in the first line\nx = = 1",
]


def broken(seed: int) -> bytes:
    """One of the test programs with a token too many, too few, or another."""
    chosen = random.Random(seed)
    tokens = TOKEN.findall(chosen.choice(PROGRAMS).read_bytes())
    for _ in range(chosen.choice((0, 1, 1, 2))):
        at = chosen.randrange(len(tokens))
        misfit = b" " + chosen.choice(MISFITS) + b" "
        tokens[at : at + chosen.randrange(2)] = chosen.choice(([], [misfit], [misfit]))
        if not tokens:
            break
    return b"".join(tokens)


def reported(version: str, folder: Path, text: bytes) -> str:
    """What `luac` says of a text, without the file's name."""
    (folder / "a.lua").write_bytes(text)
    luac = shutil.which(f"luac{version}")
    if luac is None:
        pytest.skip(f"luac{version} is not installed")
    done = subprocess.run([luac, "-p", "a.lua"], cwd=folder, capture_output=True, timeout=60, check=False)
    return done.stderr.decode("latin-1").strip().partition("a.lua:")[2] if done.returncode else ""


def found(version: str, text: bytes) -> str:
    """What is found in a text, as `luac` writes it."""
    errors = check_standard(Source.from_bytes("a.lua", text, is_file=True), version)
    return "".join(f"{error.line}: {error.message}" for error in errors)


@pytest.mark.parametrize("version", ["5.1", "5.2", "5.3"])
def test_errors_are_those_of_luac(tmp_path: Path, version: str) -> None:
    texts = [text.encode() for text in NAMED] + [broken(seed) for seed in range(80)]
    different = [
        (text[-200:], expected, found(version, text))
        for text in texts
        if (expected := reported(version, tmp_path, text)) != found(version, text)
    ]
    assert different == []


def test_luajit_takes_what_it_adds() -> None:
    text = (
        b"local goto = 1\nlocal n = 1LL + 0x10ULL + 2i + 0b101\ngoto done\n::done::\nreturn goto, '\\x41\\z  \\u{48}'"
    )
    assert found("luajit", text) == ""
    assert found("5.1", text).startswith("2: malformed number near '1LL'")
    assert found("luajit", b"x = 7 // 2") == "1: unexpected symbol near '/'"
