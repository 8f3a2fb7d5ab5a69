#!/usr/bin/env lua
print("ran")  -- expect: ran
