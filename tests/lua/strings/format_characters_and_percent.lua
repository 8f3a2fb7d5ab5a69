print(("%c%c%c %%"):format(76, 117, 97))  -- expect: Lua %
print(("%5c|%-3c|"):format(65, 66))       -- expect:     A|B  |
