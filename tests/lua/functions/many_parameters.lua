local function f(a, b, c, d, e, f, g, h, i, j) return j, i, h, g, f, e, d, c, b, a end
print(f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10))  -- expect: 10	9	8	7	6	5	4	3	2	1
