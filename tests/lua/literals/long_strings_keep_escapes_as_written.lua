print([[a\nb\z]])  -- expect: a\nb\z
