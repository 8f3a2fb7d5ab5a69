print([==[a ]] b ]=] c]==])  -- expect: a ]] b ]=] c
print(#[=[]]]=])             -- expect: 2
