print(("2024-06-15"):match("(%d+)-(%d+)-(%d+)"))  -- expect: 2024	06	15
print(("hello 42"):match("%d+"))                  -- expect: 42
print(("hello"):match("%d+"))                     -- expect: nil
