print(("aaa"):match("a*"), ("aaa"):match("a-") == "", ("aaa"):match("a+"))  -- expect: aaa	true	aaa
print(("aaa"):match("a?"), ("baaa"):match("a*") == "")                      -- expect: a	true
print(("<<a>>"):match("<(.-)>"), ("<<a>>"):match("<(.*)>"))                 -- expect: <a	<a>
print(("color colour"):gsub("colou?r", "C"))                                -- expect: C C	2
