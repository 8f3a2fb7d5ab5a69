print(("hello"):len(), ("hello"):sub(2), ("hello"):sub(2, 3))          -- expect: 5	ello	el
print(("hello"):sub(-3), ("hello"):sub(-3, -2), ("hello"):sub(2, -2))  -- expect: llo	ll	ell
