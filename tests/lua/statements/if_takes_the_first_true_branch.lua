local function size(n)
  if n < 10 then return "small"
  elseif n < 100 then return "medium"
  elseif n < 1000 then return "large"
  else return "huge" end
end
print(size(5), size(50), size(500), size(5000))  -- expect: small	medium	large	huge
