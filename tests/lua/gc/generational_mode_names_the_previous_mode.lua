collectgarbage("incremental")
print(collectgarbage("generational"), collectgarbage("incremental"))  -- expect: incremental	generational
