-- The server's clock in µs, read once; it stands still within a script. In front of every script.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

-- Lua's own conversion writes 1.79e+15.
local function int(number)
  return string.format('%.0f', number)
end
