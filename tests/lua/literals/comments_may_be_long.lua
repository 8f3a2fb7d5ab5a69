print(1 --[[ inside
a call ]] + 1)                      -- expect: 2
--[==[ a comment
with ]] inside ]==] print("after")  -- expect: after
---[[ not a long comment
print("still running")              -- expect: still running
