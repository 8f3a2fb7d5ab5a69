local ping, pong
function ping(n, log) if n == 0 then return log end return pong(n - 1, log + 1) end
function pong(n, log) if n == 0 then return log end return ping(n - 1, log + 10) end
print(ping(1001, 0))  -- expect: 5501
