"""Programs of any number of lines, for what grows with the source."""

from __future__ import annotations

_FUNCTION = """\
function f{n}(a, b)
  local x, y = a * {n} + b, b // {n}
  if x > y then x = x - y else y = y - x end
  t[x % 64 + 1] = {{ name = 'n' .. {n}, value = x, y }}
  sum = sum + #t + math.max(x, y) + (t[1] and t[1].value or 0)
  return x, y, string.format('%d', {n})
end

"""
LINES_A_FUNCTION = _FUNCTION.count("\n")


def functions(count: int) -> str:
    """The global functions `f1` to `f{count}`, which use the globals `t`, a table, and `sum`, a number."""
    return "".join(_FUNCTION.format(n=n) for n in range(1, count + 1))


def program_of_functions(lines: int) -> str:
    """A program of about so many lines that defines functions."""
    return "-- generated\n" + functions(max(1, lines // LINES_A_FUNCTION))
