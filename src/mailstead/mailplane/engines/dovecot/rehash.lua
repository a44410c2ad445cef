-- A part of once_right.lua: hands a password whose hash is of another scheme than the house's to the
-- agent (node/rehash.py), which makes the house's of it. Nobody waits for that: a datagram that
-- cannot be put down at once is not sent, and the next log-in sends another.

local DOOR = "@DOOR@"
local socket

begin(function()
  local unix = require("socket.unix") -- Debian's lua-socket
  local made = unix.dgram()
  made:settimeout(0)
  socket = made
end)

each_time(function(request, password)
  if socket and request:var_expand("%{passdb:found_hash}") == "Y" then
    socket:sendto(request:var_expand("%{passdb:credential}") .. "\n" .. password, DOOR)
  end
end)
