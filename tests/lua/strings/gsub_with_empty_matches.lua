print(("abc"):gsub("", "-"))            -- expect: -a-b-c-	4
print(("abc"):gsub("%d*", "-"))         -- expect: -a-b-c-	4
print(("hello world"):gsub("o*", "x"))  -- expect: xhxexlxlx xwxrxlxdx	10
