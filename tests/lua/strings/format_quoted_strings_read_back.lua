local s = 'a "quote" \\ back\nline\0zero\r\t\1270'
print(("%q"):format(s))
-- expect: "a \"quote\" \\ back\
-- expect: line\0zero\13\9\1270"
print(load("return " .. ("%q"):format(s))() == s)  -- expect: true
