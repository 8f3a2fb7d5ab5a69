print(table.unpack {1, 2, 3})                                              -- expect: 1	2	3
print(table.unpack({1, 2, 3}, 2))                                          -- expect: 2	3
print(table.unpack({1, 2, 3}, 2, 5))                                       -- expect: 2	3	nil	nil
print(select("#", table.unpack({}, 1, 3)), select("#", table.unpack({})))  -- expect: 3	0
