function a:b.c() end  -- expect syntax error: '(' expected near '.'
