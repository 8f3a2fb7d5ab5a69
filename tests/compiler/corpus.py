"""Lua files that are installed on this machine, broken variants of them, and the reference implementation's verdicts.

The verdicts come from `loadfile` of an installed lua5.4, many files at a time; it has the parser of luac5.4.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

LUA = shutil.which("lua5.4")

_FOLDERS = ("/usr/share/lua", "/usr/share/nmap", "/usr/share/vlc/lua", "/usr/share/mpv", "/usr/share/rspamd")
_TOKEN = re.compile(
    rb"[A-Za-z_]\w*|[0-9]\w*|\"[^\"\n]*\"|'[^'\n]*'|\.\.\.?|[=~<>]=|//|::|<<|>>|--[^\n]*|\s+|.", re.DOTALL
)
_PIECES = (
    b"and break do else elseif end false for function goto if in local nil not or repeat return then true until while "
    b"+ - * / % ^ # & ~ | << >> // == ~= <= >= < > = ( ) { } [ ] :: ; : , . .. ... x 1 0x 3x 'a' \" [[ [=[ --[[ ]] \\ $ \x01 \xe9"
).split(b" ")

_VERDICTS = r"""
for path in io.lines() do
  local chunk, message = loadfile(path)
  io.write(chunk and "ok" or string.format("%q", message):gsub("\\\n", "\\n"):gsub("\n", " "), "\0\n")
end
"""

# Errors that are no matter of syntax: the resolver and the code generator find them.
SEMANTIC = re.compile(
    r"<goto |break outside|no visible label|label '.*' already|attempt to assign to const|unknown attribute"
    r"|multiple to-be-closed|cannot use '\.\.\.'|too many |control structure too long",
    re.DOTALL,
)


def lua_files() -> list[Path]:
    """All installed Lua files, in a fixed order."""
    files = {p.resolve() for folder in _FOLDERS for s in ("*.lua", "*.nse") for p in Path(folder).rglob(s)}
    return sorted(p for p in files if p.is_file())


def mutated(data: bytes, seed: object) -> bytes:
    """The program with one to three small damages: tokens or bytes deleted, doubled, swapped, replaced, or a cut end."""
    chance = random.Random(repr(seed))
    tokens: list[bytes] = _TOKEN.findall(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if not tokens:
            break
        at = chance.randrange(len(tokens))
        while tokens[at].isspace() and at + 1 < len(tokens):
            at += 1
        match chance.randrange(8):
            case 0 | 1:
                del tokens[at]
            case 2:
                tokens.insert(at, tokens[at])
            case 3:
                other = chance.randrange(len(tokens))
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case 4:
                tokens[at] = chance.choice(_PIECES)
            case 5:
                tokens.insert(at, b" " + chance.choice(_PIECES) + b" ")
            case 6:
                text = tokens[at]
                cut = chance.randrange(len(text))
                tokens[at] = text[:cut] + text[cut + 1 :]
            case _:
                if chance.random() < 0.3:
                    del tokens[at:]
                else:
                    tokens[at] += chance.choice((b" ", b"\n", b"\\", b"x", b"'", b'"', b"=", b"."))
    return b"".join(tokens)


def variants(files: Iterable[Path], each: int, seed: int = 0, longest: int = 200_000) -> Iterator[bytes]:
    """`each` mutated variants of every file that is not too long."""
    for path in files:
        data = path.read_bytes()
        if len(data) <= longest:
            for number in range(each):
                yield mutated(data, (seed, path.name, number))


def verdicts(programs: list[bytes]) -> list[tuple[int, str] | None]:
    """For each program (line, message), or None if it is valid. Line 0 stands for a message without a line."""
    assert LUA is not None
    with TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number}.lua") for number in range(len(programs))]
        for path, program in zip(paths, programs, strict=True):
            path.write_bytes(program)
        script = Path(folder, "verdicts")
        script.write_text(_VERDICTS)
        listing = "".join(f"{path}\n" for path in paths).encode()
        output = subprocess.run([LUA, str(script)], input=listing, capture_output=True, check=True).stdout
    lines = output.decode("latin-1").split("\0\n")[:-1]
    return [_verdict(line) for line in lines]


def _verdict(line: str) -> tuple[int, str] | None:
    if line == "ok":
        return None
    message = re.sub(r"\\(n|\d{1,3}|.)", _unquoted, line[1:-1], flags=re.DOTALL)
    place = re.match(r"(?s).*?\.lua:(\d+): (.*)", message)
    return (int(place[1]), place[2]) if place else (0, message)


def _unquoted(match: re.Match[str]) -> str:
    c = match[1]
    return "\n" if c == "n" else chr(int(c)) if c.isdigit() else c
