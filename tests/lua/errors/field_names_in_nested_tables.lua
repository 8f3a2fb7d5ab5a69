local config = {server = {}}
print(config.server.address.port)  -- expect error: attempt to index a nil value (field 'address')
