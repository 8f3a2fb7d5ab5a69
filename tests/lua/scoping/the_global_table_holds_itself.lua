print(_G._G == _G, _G.print == print)  -- expect: true	true
_G["a name"] = 5
print(_G["a name"], rawget(_G, "b"))   -- expect: 5	nil
