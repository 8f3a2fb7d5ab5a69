local x <close> = 42  -- expect error: variable 'x' got a non-closable value
