local file, message, code = io.open("no/such/file.txt")
print(file, message, code)  -- expect: nil	no/such/file.txt: No such file or directory	2
