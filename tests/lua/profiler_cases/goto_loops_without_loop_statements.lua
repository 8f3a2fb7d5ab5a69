local i, sum = 0, 0
::outer::
i = i + 1
do
  local j = 0
  ::inner::
  j = j + 1
  sum = sum + j
  if j < i then goto inner end
end
if i < 15 then goto outer end
print(sum)  -- expect: 680
