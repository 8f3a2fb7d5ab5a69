print(collectgarbage("incremental")) -- expect: generational
print(collectgarbage("generational")) -- expect: incremental
