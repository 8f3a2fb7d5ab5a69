"""The standard library of Lua 5.4: every function and value with its parameters and a line of documentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Entry:
    """One name of the library. `parameters` is None for a value that is no function; optional ones stand in brackets."""

    name: str  # with its library's, as `string.format`; methods of files as `file:read`
    parameters: str | None
    documentation: str

    @property
    def short_name(self) -> str:
        """The name without its library's."""
        return self.name.replace(":", ".").rpartition(".")[2]

    @property
    def signature(self) -> str:
        """`string.rep(s, n [, separator])`"""
        return self.name if self.parameters is None else f"{self.name}({self.parameters})"


_TABLE = """
arg | The program's arguments; at 0 stands its own name.
assert(value [, message]) | Gives its arguments back, or raises `message` as an error if the value is false or nil.
collectgarbage([option [, argument]]) | Controls the garbage collector: "collect", "count" (in kilobytes), "step", "stop", "restart", "isrunning", "incremental" or "generational".
dofile([path]) | Runs a file's text (standard input's without a path) and gives what it returns.
error(message [, level]) | Raises an error. Level 1, the default, adds where `error` was called, 2 where its caller was called, 0 nothing.
_G | The table of all global variables.
getmetatable(object) | The object's metatable or that table's field `__metatable`; nil if it has none.
ipairs(list) | Iterates over 1, list[1], 2, list[2] and so on up to the first nil.
load(chunk [, name [, mode [, environment]]]) | Compiles a text or what a function gives piece by piece; gives a function, or nil and the error.
loadfile([path [, mode [, environment]]]) | Compiles a file without running it; gives a function, or nil and the error.
next(table [, key]) | The key behind a key, in no certain order, with its value; nil behind the last.
pairs(table) | Iterates over all keys and values of a table, or as its metamethod `__pairs` says.
pcall(function, ...) | Calls a function; gives true and its results, or false and the error that it raised.
print(...) | Writes its arguments, as `tostring` shows them, with tabs between, and a line end.
rawequal(a, b) | Whether two values are equal, without metamethods.
rawget(table, key) | The value of a key, without metamethods.
rawlen(value) | The length of a table or a string, without metamethods.
rawset(table, key, value) | Sets a key of a table, without metamethods; gives the table.
require(module) | Loads a module, once, and gives what it returned and where it was found.
select(index, ...) | The arguments from number `index` on, counted from the end if negative; `"#"` counts them.
setmetatable(table, metatable) | Sets (or, with nil, takes away) a table's metatable; gives the table.
tonumber(value [, base]) | The value as a number, a string read in a base from 2 to 36; nil (`fail`) if it is none.
tostring(value) | The value as a string to be read, as its metamethod `__tostring` or `__name` says.
type(value) | The type of a value: "nil", "number", "string", "boolean", "table", "function", "thread" or "userdata".
_VERSION | The version of Lua as a string: "Lua 5.4".
warn(message, ...) | Writes a warning made of all its arguments; "@on" and "@off" switch warnings.
xpcall(function, handler, ...) | Calls a function as `pcall` does; what it raises goes through a handler first.
coroutine.close(coroutine) | Ends a suspended or dead coroutine and closes its pending variables; gives true, or false and an error.
coroutine.create(function) | A new coroutine, suspended, that will run a function.
coroutine.isyieldable([coroutine]) | Whether a coroutine, the running one by default, can yield.
coroutine.resume(coroutine, ...) | Starts or goes on with a coroutine; gives true and what it yields or returns, or false and its error.
coroutine.running() | The running coroutine, and whether it is the main one.
coroutine.status(coroutine) | "running", "suspended", "normal" (it has resumed another) or "dead".
coroutine.wrap(function) | A function that resumes a new coroutine at each call and passes its errors on.
coroutine.yield(...) | Suspends the running coroutine; its arguments are what `resume` gives, its results what it is resumed with.
debug.debug() | Reads lines and runs them, until one says `cont`.
debug.gethook([thread]) | The hook of a thread, its mask and its count.
debug.getinfo([thread,] function [, what]) | A table about a function or a level of the stack; `what` picks its fields.
debug.getlocal([thread,] function, index) | The name and the value of a local variable of a level, or a parameter's name of a function.
debug.getmetatable(value) | The metatable of any value, whatever its `__metatable` says.
debug.getregistry() | The registry table.
debug.getupvalue(function, index) | The name and the value of a function's upvalue.
debug.getuservalue(userdata, n) | The n-th value that belongs to a userdata, and whether it has one.
debug.setcstacklimit(limit) | Kept for old programs; does nothing.
debug.sethook([thread,] hook, mask [, count]) | Has a function called at calls ("c"), returns ("r"), lines ("l") or every so many instructions.
debug.setlocal([thread,] level, index, value) | Sets a local variable of a level of the stack; gives its name.
debug.setmetatable(value, metatable) | Sets the metatable of any value; gives the value.
debug.setupvalue(function, index, value) | Sets a function's upvalue; gives its name.
debug.setuservalue(userdata, value, n) | Sets the n-th value that belongs to a userdata; gives the userdata.
debug.traceback([thread,] [message [, level]]) | The stack as text, behind a message.
debug.upvalueid(function, index) | What tells an upvalue from others: two functions that share it have the same.
debug.upvaluejoin(f1, n1, f2, n2) | Makes one function's upvalue refer to another's.
io.close([file]) | Closes a file, the default output without one.
io.flush() | Writes out what the default output holds back.
io.input([file]) | The default input; sets it first if a file or a path is given.
io.lines([path, ...]) | Iterates over a file's lines, or what the formats say, and closes it at the end.
io.open(path [, mode]) | Opens a file ("r", "w", "a", with "+" to update, "b" for binary); gives it, or nil and an error.
io.output([file]) | The default output; sets it first if a file or a path is given.
io.popen(command [, mode]) | Starts a command and gives a file to read from it ("r") or write to it ("w").
io.read(...) | Reads from the default input: "n" a number, "l" a line, "L" with its end, "a" all, or so many bytes.
io.stderr | The standard error file.
io.stdin | The standard input file.
io.stdout | The standard output file.
io.tmpfile() | A new file for reading and writing, removed at the program's end.
io.type(value) | "file" for an open file, "closed file" for a closed one, nil for anything else.
io.write(...) | Writes strings and numbers to the default output; gives the file.
file:close() | Closes the file; of one from `io.popen` it gives how the command ended.
file:flush() | Writes out what the file holds back.
file:lines(...) | Iterates over what the formats say, lines by default; does not close the file.
file:read(...) | Reads as each format says: "n", "l", "L", "a" or a number of bytes; nil where nothing is left.
file:seek([whence [, offset]]) | Sets the position from "set", "cur" or "end"; gives it, counted from the beginning.
file:setvbuf(mode [, size]) | How output is held back: "no", "full" or "line".
file:write(...) | Writes strings and numbers; gives the file.
math.abs(x) | The larger of x and -x.
math.acos(x) | The arc cosine, in radians.
math.asin(x) | The arc sine, in radians.
math.atan2(y, x) | The arc tangent of y / x; kept for old programs: `math.atan` takes two arguments.
math.atan(y [, x]) | The arc tangent of y / x, in radians; the signs say the quadrant.
math.ceil(x) | The smallest integer that is not less than x.
math.cos(x) | The cosine of an angle in radians.
math.cosh(x) | The hyperbolic cosine; kept for old programs.
math.deg(x) | An angle from radians to degrees.
math.exp(x) | e to the power of x.
math.floor(x) | The largest integer that is not greater than x.
math.fmod(x, y) | The remainder of x / y, with the quotient rounded towards zero.
math.frexp(x) | The significand and the binary exponent of x; kept for old programs.
math.huge | A float greater than any other number.
math.ldexp(significand, exponent) | significand * 2^exponent; kept for old programs.
math.log10(x) | The logarithm of base 10; kept for old programs.
math.log(x [, base]) | The logarithm, natural without a base.
math.max(x, ...) | The greatest of its arguments.
math.maxinteger | The greatest integer.
math.min(x, ...) | The least of its arguments.
math.mininteger | The least integer.
math.modf(x) | The integral part of x, as a float, and its fractional part.
math.pi | The circumference of a circle of diameter 1.
math.pow(x, y) | x^y; kept for old programs.
math.rad(x) | An angle from degrees to radians.
math.random([m [, n]]) | A random float from 0 up to 1, an integer from 1 to m or from m to n; any integer with m = 0.
math.randomseed([x [, y]]) | Seeds the random numbers, by chance without arguments; gives the two parts of the seed.
math.sin(x) | The sine of an angle in radians.
math.sinh(x) | The hyperbolic sine; kept for old programs.
math.sqrt(x) | The square root.
math.tan(x) | The tangent of an angle in radians.
math.tanh(x) | The hyperbolic tangent; kept for old programs.
math.tointeger(x) | The value as an integer, nil (`fail`) if it is none.
math.type(x) | "integer", "float", or nil for what is no number.
math.ult(m, n) | Whether m is below n, both taken as unsigned integers.
os.clock() | The processor time of the program, in seconds.
os.date([format [, time]]) | A time as text in the manner of `strftime`, or as a table ("*t"); "!" before it: UTC.
os.difftime(later, earlier) | The seconds between two times.
os.execute([command]) | Runs a command in the system's shell; gives whether it went well, "exit" or "signal", and the number.
os.exit([code [, close]]) | Ends the program with a status (true is success); closes the state first if told to.
os.getenv(name) | An environment variable, nil if it is not set.
os.remove(path) | Deletes a file or an empty folder; gives true, or nil and an error.
os.rename(old, new) | Renames a file; gives true, or nil and an error.
os.setlocale(locale [, category]) | Sets the locale; gives its name, nil if that cannot be done.
os.time([table]) | The time now or of a table of year, month, day and so on, as a number of seconds.
os.tmpname() | A name for a temporary file.
package.config | The signs that paths are made of: one line each for folder, template, place holder and others.
package.cpath | Where `require` looks for modules written in C.
package.loaded | The modules that have been loaded, by name.
package.loadlib(path, name) | Links a C library and gives a function of it, or nil and an error.
package.path | Where `require` looks for modules written in Lua: templates, with `?` for the module.
package.preload | Functions that load modules, by name, asked before any file is looked for.
package.searchers | The functions that `require` asks for a module, in order.
package.searchpath(name, path [, separator [, replacement]]) | The first file of a path of templates that can be read, or nil and an error.
string.byte(s [, first [, last]]) | The codes of a string's bytes, of the first one by default.
string.char(...) | The string of the bytes with these codes.
string.dump(function [, strip]) | A function's bytecode as a string.
string.find(s, pattern [, init [, plain]]) | Where a pattern first matches, with its captures; nil if it does not. `plain` looks for the text itself.
string.format(format, ...) | A text with values put in for `%d`, `%s`, `%5.2f`, `%q`, `%x` and so on.
string.gmatch(s, pattern [, init]) | Iterates over the captures of every match, or over the whole matches.
string.gsub(s, pattern, replacement [, n]) | Replaces matches by a string, by a table's values or a function's results; gives how many, too.
string.len(s) | The number of bytes.
string.lower(s) | The string in small letters.
string.match(s, pattern [, init]) | The captures of the first match, or all of it; nil if there is none.
string.pack(format, ...) | Values in a binary form.
string.packsize(format) | The length of what `string.pack` makes of a format without strings.
string.rep(s, n [, separator]) | The string n times, with a separator between.
string.reverse(s) | The bytes of the string from last to first.
string.sub(s, first [, last]) | The part between two positions, both included; negative ones count from the end.
string.unpack(format, s [, position]) | The values that a binary string holds, and the position behind them.
string.upper(s) | The string in capital letters.
table.concat(list [, separator [, first [, last]]]) | The strings and numbers of a list joined, with a separator between.
table.insert(list, [position,] value) | Puts a value into a list, at the end or at a position, from which others move up.
table.move(from, first, last, target [, to]) | Copies elements to positions from `target` on, in another table if one is given; gives that table.
table.pack(...) | A table of all arguments, with their number in its field `n`.
table.remove(list [, position]) | Takes an element out, the last by default, and gives it; those behind it move down.
table.sort(list [, is_less]) | Sorts a list in place, by `<` or by a function that says whether its first argument comes before.
table.unpack(list [, first [, last]]) | The elements of a list as so many values.
utf8.char(...) | The string of the characters with these codes.
utf8.charpattern | The pattern that matches one character of valid UTF-8.
utf8.codepoint(s [, first [, last [, lax]]]) | The codes of the characters that begin between two positions.
utf8.codes(s [, lax]) | Iterates over the positions and codes of a string's characters.
utf8.len(s [, first [, last [, lax]]]) | The number of characters, or nil and the position of the first byte that is wrong.
utf8.offset(s, n [, first]) | The position in bytes of the n-th character, counted from `first`.
"""

_METAMETHODS = """
__add(a, b) | What `a + b` gives.
__band(a, b) | What `a & b` gives.
__bnot(a) | What `~a` gives.
__bor(a, b) | What `a | b` gives.
__bxor(a, b) | What `a ~ b` gives.
__call(self, ...) | Is called when the object is called, with the object first.
__close(self, error) | Is called when a variable `<close>` that holds the object goes out of scope.
__concat(a, b) | What `a .. b` gives.
__div(a, b) | What `a / b` gives.
__eq(a, b) | Whether `a == b`, asked of two tables or two userdata that are not the same.
__gc(self) | Is called when the object is collected.
__idiv(a, b) | What `a // b` gives.
__index(self, key) | Where a key is looked for that the object has not: a table, or a function that gives the value.
__le(a, b) | Whether `a <= b`.
__len(self) | What `#self` gives.
__lt(a, b) | Whether `a < b`.
__metatable | What `getmetatable` gives instead of the metatable, which cannot be changed any more.
__mod(a, b) | What `a % b` gives.
__mode | "k" for weak keys, "v" for weak values, "kv" for both.
__mul(a, b) | What `a * b` gives.
__name | What `tostring` and messages call the object's type.
__newindex(self, key, value) | Where a key is set that the object has not: a table, or a function that does it.
__pairs(self) | What `pairs` gives: an iterator, a state and a first key.
__pow(a, b) | What `a ^ b` gives.
__shl(a, b) | What `a << b` gives.
__shr(a, b) | What `a >> b` gives.
__sub(a, b) | What `a - b` gives.
__tostring(self) | What `tostring` gives.
__unm(a) | What `-a` gives.
"""

FILE = "file*"
"""Stands for the type of files: no variable can be called so."""

KEYWORDS = (
    *("and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil"),
    *("not", "or", "repeat", "return", "then", "true", "until", "while"),
)


@cache
def library() -> Mapping[str, Entry]:
    """Every name of the library, by its full name; methods of files begin with `file*.`."""
    entries = {entry.name.replace("file:", FILE + "."): entry for entry in map(_entry, _TABLE.strip().splitlines())}
    for name in ("coroutine", "debug", "io", "math", "os", "package", "string", "table", "utf8"):
        entries[name] = Entry(name, None, f"The library `{name}`.")
    return entries


@cache
def metamethods() -> Mapping[str, Entry]:
    """The fields of a metatable that have a meaning, by name."""
    return {entry.name: entry for entry in map(_entry, _METAMETHODS.strip().splitlines())}


@cache
def members(name: str) -> Mapping[str, Entry]:
    """What is in a library, by short name; of "" the global names, of FILE the methods of files."""
    prefix = name + "." if name else ""
    return {
        entry.short_name: entry
        for full_name, entry in library().items()
        if full_name.startswith(prefix) and "." not in full_name[len(prefix) :] and full_name != name
    }


def _entry(line: str) -> Entry:
    signature, _, documentation = line.partition(" | ")
    name, opened, parameters = signature.partition("(")
    return Entry(name, parameters.removesuffix(")") if opened else None, documentation)
