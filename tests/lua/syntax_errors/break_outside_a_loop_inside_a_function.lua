while true do
  local function f() break end  -- expect syntax error line 3: break outside loop at line 2
end
