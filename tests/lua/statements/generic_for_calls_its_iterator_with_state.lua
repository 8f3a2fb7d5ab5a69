local function below(limit, current)
  if current < limit then return current + 1, "v" .. current end
end
for i, v in below, 3, 0 do io.write(i, "=", v, " ") end
print()  -- expect: 1=v0 2=v1 3=v2
