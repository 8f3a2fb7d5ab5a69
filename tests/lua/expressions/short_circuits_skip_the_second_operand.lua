local function loud(x) io.write("ran ") return x end
print(false and loud(1))  -- expect: false
print(true or loud(1))    -- expect: true
print(true and loud(2))   -- expect: ran 2
