local function a.b() end  -- expect syntax error: '(' expected near '.'
