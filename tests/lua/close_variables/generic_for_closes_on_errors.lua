local function items()
  return function() error("iterator failed", 0) end, nil, nil,
    setmetatable({}, {__close = function(_, e) io.write("closed: ", e, "; ") end})
end
print(pcall(function() for _ in items() do end end))  -- expect: closed: iterator failed; false	iterator failed
