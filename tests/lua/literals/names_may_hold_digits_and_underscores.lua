local _, a1, A1, end_ = 1, 2, 3, 4
print(_ + a1 + A1 + end_)  -- expect: 10
