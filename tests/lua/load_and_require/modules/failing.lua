error("cannot start")
