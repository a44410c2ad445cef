-- Plays Dovecot to once_right.lua with breached.lua in it: a password in hexadecimal a line in, "yes" or "no" a line out, and
-- "stopped" where the log-in would not have gone on.
local said
dovecot = { auth = { PASSDB_RESULT_OK = 1 }, i_info = function() said = true end }
dofile(arg[1])
assert(script_init() == 0)
local request = { var_expand = function(_, text) return text end }
for line in io.lines() do
  local password = line:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end)
  said = false
  local result = auth_password_verify(request, password)
  io.write(result ~= 1 and "stopped" or said and "yes" or "no", "\n")
  io.flush()
end
