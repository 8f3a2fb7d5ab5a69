"""How fast sources become tokens and typed nodes.

python benchmarks/parse_speed.py [FILE]      without a file: a generated program of 10,000 lines

Prints lines per second of processor time, of the best of several runs. The generated program has the density of the
Lua files that Debian ships: about four tokens a line, comments and blank lines included.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import process_time
from typing import Any

from perilune.compiler.parser import load_parser, parse
from perilune.compiler.source import Source

RUNS = 7

_PART = """\
--
-- Part {n}: accounts that have an owner, a balance, and a history
-- of what was paid in and out.
--
-- The rate is in per cent; amounts are in hundredths.
--

local Account{n} = {{}}
Account{n}.__index = Account{n}

local RATES = {{
  "low",
  "high",
  [3] = 0x{n}F,
  default = 1.5e-1,
}}

--- Makes an account.
-- @param owner the name of its owner
-- @param balance what is in it, nothing by default
-- @return the account
function Account{n}.new(owner, balance, ...)
  local self = setmetatable({{}}, Account{n})
  self.owner = owner
  self.balance = balance or 0
  self.history = {{}}
  self.extra = {{ ... }}
  return self
end

--- Takes an amount out of the account.
-- @param amount a positive number
-- @return what is left, or nil and a message
function Account{n}:withdraw(amount)
  if type(amount) ~= "number" then
    error("bad amount: " .. tostring(amount) .. "\\n", 2)
  elseif self.balance < amount then
    return nil, 'insufficient funds'
  else
    self.balance = self.balance - amount * (1 + self.rate / 100.0)
    table.insert(self.history, {{
      kind = "withdrawal",
      amount = amount,
      time = os.time(),
    }})
  end

  -- What was not looked at yet is printed once.
  for i, entry in ipairs(self.history) do
    if not entry.checked then
      print(string.format("%d: %s", i, entry.kind))
    end
    entry.checked = true
  end

  return self.balance
end

for i = 1, {n} do
  local account = Account{n}.new("owner" .. i, i)
  while account.balance > 10 do
    account:withdraw(5)
  end
  callbacks[i] = function(a, b)
    return a.balance < b.balance
  end
end

"""


def generated(lines: int) -> str:
    """A program of so many lines that looks like one that people write."""
    parts: list[str] = []
    count = 0
    while count < lines:
        parts.append(_PART.format(n=len(parts)))
        count += parts[-1].count("\n")
    return "".join(parts)


def best_time(run: Callable[[], Any]) -> float:
    """The shortest of several runs, in seconds."""
    times = []
    for _ in range(RUNS):
        begin = process_time()
        run()
        times.append(process_time() - begin)
    return min(times)


def main(arguments: list[str]) -> None:
    if arguments:
        with open(arguments[0], "rb") as file:
            source = Source.from_bytes(arguments[0], file.read(), is_file=True)
    else:
        source = Source("generated", generated(10_000))
    lines = source.text.count("\n")
    lexer = load_parser().lexer
    _, diagnostics = parse(source)
    if diagnostics:
        sys.exit(f"{source.name}:{diagnostics[0].line}: {diagnostics[0].message}")
    lexing = best_time(lambda: lexer.tokens(source))
    both = best_time(lambda: parse(source))
    print(f"{source.name}: {lines:,} lines, {len(lexer.tokens(source).types):,} tokens")
    print(f"lexing              {lines / lexing:10,.0f} lines/s")
    print(f"parsing alone       {lines / (both - lexing):10,.0f} lines/s")
    print(f"lexing and parsing  {lines / both:10,.0f} lines/s")


if __name__ == "__main__":
    main(sys.argv[1:])
