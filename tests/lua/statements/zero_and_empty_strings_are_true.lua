if 0 then print("zero") end                         -- expect: zero
if "" then print("empty") end                       -- expect: empty
if nil then print("nil") else print("not nil") end  -- expect: not nil
