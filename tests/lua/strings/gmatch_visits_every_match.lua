for word in ("one two  three"):gmatch("%a+") do io.write(word, ";") end
print()  -- expect: one;two;three;
for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do io.write(k, v, ";") end
print()  -- expect: a1;b2;
