goto done
print("never")
::done::
print("done")  -- expect: done
