local t = {[1] = "integer", ["1"] = "string"}
print(t[1], t["1"], t[1.5])  -- expect: integer	string	nil
