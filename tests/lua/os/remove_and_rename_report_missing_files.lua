print(os.remove("no/such/file"))       -- expect: nil	no/such/file: No such file or directory	2
print(os.rename("no/such/file", "x"))  -- expect: nil	No such file or directory	2
