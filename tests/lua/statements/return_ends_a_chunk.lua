print("before")  -- expect: before
do return end
print("never")
