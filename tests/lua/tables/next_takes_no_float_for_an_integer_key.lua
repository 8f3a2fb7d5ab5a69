print(pcall(next, {10, 20}, 1.0)) -- expect: false	invalid key to 'next'
