print "text"               -- expect: text
print [[long]]             -- expect: long
print(type {})             -- expect: table
print(("%d"):format "12")  -- expect: 12
