print("one \z
       two\z

       three")  -- expect: one twothree
