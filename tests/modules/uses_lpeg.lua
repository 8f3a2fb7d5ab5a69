-- needs: lpeg
-- A grammar with captures, a substitution with a function, errors that pass through C.
local lpeg = require "lpeg"
local P, R, S, V, C, Ct, Cg, Cc, Cs, Cf = lpeg.P, lpeg.R, lpeg.S, lpeg.V, lpeg.C, lpeg.Ct, lpeg.Cg, lpeg.Cc, lpeg.Cs, lpeg.Cf

local space = S(" \n\t")^0
local number = C(P"-"^-1 * R"09"^1 * (P"." * R"09"^1)^-1) * space / tonumber
local operator = {["+"] = function(a, b) return a + b end, ["-"] = function(a, b) return a - b end,
                  ["*"] = function(a, b) return a * b end, ["/"] = function(a, b) return a / b end}
local function fold(left, op, right) return operator[op](left, right) end
local expression = P{
  "sum",
  sum = Cf(V"product" * Cg(C(S"+-") * space * V"product")^0, fold),
  product = Cf(V"factor" * Cg(C(S"*/") * space * V"factor")^0, fold),
  factor = number + P"(" * space * V"sum" * P")" * space,
}
for _, text in ipairs{"1 + 2 * 3", "(1 + 2) * 3", "10 / 4 - 1", "2 *", "((1.5))"} do
  print(text, lpeg.match(space * expression * -1, text))
end

local json = P{
  "value",
  value = space * (V"object" + V"array" + V"string" + number + P"true" * Cc(true) + P"false" * Cc(false)) * space,
  string = P'"' * C((P(1) - '"')^0) * P'"',
  array = Ct(P"[" * (V"value" * (P"," * V"value")^0)^-1 * P"]"),
  object = Cf(Ct"" * P"{" * (Cg(space * V"string" * space * P":" * V"value") * (P"," * Cg(space * V"string" * space * P":" * V"value"))^0)^-1 * P"}", rawset),
}
local value = lpeg.match(json, '{"name": "x", "list": [1, 2, [3.5, true]], "empty": {}}')
print(value.name, #value.list, value.list[3][1], value.list[3][2], next(value.empty))

print(lpeg.match(Cs((C(R"az"^1) / string.upper + 1)^0), "one, two; three"))
print(lpeg.match(Cs((P"{" * C((1 - P"}")^0) * P"}" / {a = "1", b = "2"} + 1)^0), "{a}-{b}-{c}"))
local calls = 0
local pattern = lpeg.Cmt(C(R"09"^1), function(subject, position, text) calls = calls + 1; return #text == 3 and position, text end)
print(lpeg.match((pattern + 1)^0, "12 345 6"), calls)
print(pcall(lpeg.match, lpeg.Cmt(P(1), function() error("in a match", 0) end), "x"))
print(pcall(lpeg.P, {P"a"^0 * "b", "c"}))
print(pcall(function() return (P""^0) end))
print(lpeg.type(P"a"), lpeg.type(1), (lpeg.locale().alpha^1 * -1):match("letters"))
local co = coroutine.wrap(function() return lpeg.match(Ct(C(R"az")^0), coroutine.yield(1)) end)
co()
print(table.concat(co("abc"), "-"))
