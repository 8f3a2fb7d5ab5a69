for i = 1, 2 do
  do goto next ; print("never") ::next:: end
  do goto next ; print("never") ::next:: end
  print(i)
end
-- expect: 1
-- expect: 2
