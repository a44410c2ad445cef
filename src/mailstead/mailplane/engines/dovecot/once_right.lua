-- Dovecot's last passdb: looks at a password that has just opened a mailbox. It decides nothing:
-- whatever goes wrong, the log-in goes on. No error's own words are passed on: nothing of a password
-- may come to a log.

local at_start, at_log_in = {}, {}

-- A part's work when a worker begins.
local function begin(work)
  at_start[#at_start + 1] = work
end

-- A part's work at each log-in, with Dovecot's request and the password.
local function each_time(work)
  at_log_in[#at_log_in + 1] = work
end

@PARTS@

-- What Dovecot calls (dovecot-auth-lua).

function script_init()
  for _, work in ipairs(at_start) do
    pcall(work)
  end
  return 0
end

function script_deinit()
end

function auth_password_verify(request, password)
  for _, work in ipairs(at_log_in) do
    pcall(work, request, password)
  end
  return dovecot.auth.PASSDB_RESULT_OK, {}
end

function auth_passdb_lookup(request)
  return dovecot.auth.PASSDB_RESULT_OK, {}
end
