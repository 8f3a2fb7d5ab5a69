print(("key=a=b"):match("(.*)=(.*)"))                      -- expect: key=a	b
print(("aaab"):match("a*ab"), ("xyz123"):match("%a-%d+"))  -- expect: aaab	xyz123
