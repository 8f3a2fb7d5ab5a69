print(([[say "it's" now]]):match([[(["'])(.-)%1]]))            -- expect: "	it's
print(("abab"):match("^(..)%1$"), ("abac"):match("^(..)%1$"))  -- expect: ab	nil
