local function f(nil) end  -- expect syntax error: <name> or '...' expected near 'nil'
