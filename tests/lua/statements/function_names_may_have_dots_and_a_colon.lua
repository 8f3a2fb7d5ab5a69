local a = {b = {c = {}}}
function a.b.f(x) return x end
function a.b.c:g(x) return self == a.b.c, x end
print(a.b.f(1), a.b.c:g(2))  -- expect: 1	true	2
