debug.sethook(function(event)
  print(event, debug.getinfo(2, "S").what, debug.getinfo(3, "S") ~= nil)
end, "r")
-- expect: return	C	true
-- expect: return	main	true
-- expect: return	C	false
