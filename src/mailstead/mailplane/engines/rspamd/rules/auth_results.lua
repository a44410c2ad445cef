-- What others claim in our name goes (RFC 8601 section 5); what others say in theirs stays.
-- What Sieve redirects and what is forwarded carries what we ourselves said at the first arrival.

local common = ...
local lua_mime = require 'lua_mime'

rspamd_config:register_symbol({
  name = 'MAILSTEAD_CLAIMED_RESULTS',
  type = 'postfilter',
  flags = 'nostat',
  priority = 1,
  callback = function(task)
    local door = common.door(task)
    if door ~= 'world' and door ~= 'user' then return end
    local claimed, which = 0, 0
    for number, field in ipairs(common.fields(task, 'Authentication-Results')) do
      if common.authserv_id(tostring(field.value)) == common.host then
        claimed, which = claimed + 1, number
      end
    end
    if claimed > 0 then
      -- Rspamd 3.4 hands one number a name on to Postfix, 0 for all: where several lie, all go.
      lua_mime.modify_headers(task, {
        remove = { ['Authentication-Results'] = claimed == 1 and which or 0 },
      })
    end
  end,
})
