was_loaded = "yes"
