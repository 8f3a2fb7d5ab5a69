local big = 2^63
print(big >> 1)  -- expect error: number (local 'big') has no integer representation
