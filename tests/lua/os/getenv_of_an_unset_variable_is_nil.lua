print(os.getenv("PERILUNE_NO_SUCH_VARIABLE"))  -- expect: nil
