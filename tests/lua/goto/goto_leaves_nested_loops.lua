for i = 1, 3 do
  for j = 1, 3 do
    if i * j == 4 then
      print(i, j)  -- expect: 2	2
      goto out
    end
  end
end
::out::
