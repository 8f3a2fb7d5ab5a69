local object = {}
function object:run() return self.items[1] end  -- expect error: attempt to index a nil value (field 'items')
object:run()
