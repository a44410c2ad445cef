-- Whoever has logged in writes under addresses that are theirs: From and Sender name no other.
-- The envelope is Postfix's (reject_sender_login_mismatch); the answers are those of its map.

local common = ...
local hash = require 'rspamd_cryptobox_hash'
local folder = common.settings.senders
local delimiter = common.settings.delimiter

-- The log-ins of an address as `senders` has them; nil where there are none.
local function log_ins(address)
  local digest = hash.create_specific('sha256', address):hex()
  local file = io.open(folder .. '/' .. digest:sub(1, 3), 'r')
  if not file then return nil end
  local found
  for line in file:lines() do
    local key, value = line:match('^(%S+) (.*)$')
    if key == address then
      found = value
      break
    end
  end
  file:close()
  return found
end

-- The mailbox of a log-in `address/credential`: a password that changed a moment ago is Postfix's.
local function mailbox(log_in)
  return (log_in:lower():gsub('/[^/@]*$', ''))
end

local function named(list, wanted)
  for log_in in list:gmatch('[^,%s]+') do
    if mailbox(log_in) == wanted then return true end
  end
  return false
end

-- Whether a log-in may write as an address (both lower case).
function mailstead_owns(user, address)
  local wanted = mailbox(user)
  local list = log_ins(address)
  if not list then
    -- Sub-addresses follow their address; Postfix too cuts at the first delimiter.
    local part, domain = address:match('^(.-)@(.*)$')
    local base = part and part:match('^(.-)%' .. delimiter)
    if base and base ~= '' then list = log_ins(base .. '@' .. domain) end
  end
  return list ~= nil and named(list, wanted)
end

-- Every address in a field; nil and why it cannot be read. What stands in quotes or in brackets is
-- a display name or a comment, all else with an @ is taken for an address: what one program shows
-- as a name another may show as the sender.
local function addresses(value)
  local plain = common.without_comments(value, function(word, after, angle)
    -- A quoted local part (RFC 5321 section 4.1.2) belongs to its address.
    return (angle or after == '@') and word or ' '
  end)
  if not plain then return nil, 'has a quotation mark or a bracket that is not closed' end
  local found = {}
  for token in plain:gmatch('[^%s<>,;:]+') do
    if token:find('@', 1, true) then
      local part, domain = token:match('^([^@]+)@([^@]+)$')
      if not part then return nil, 'holds an address that is broken by blanks or has a second @' end
      found[#found + 1] = (part .. '@' .. domain):lower()
    end
  end
  if #found == 0 then return nil, 'names no address' end
  return found
end

local function refuse(task, words)
  task:set_pre_result({ action = 'reject', message = words, module = 'MAILSTEAD_OWN_FROM' })
  task:insert_result('MAILSTEAD_OWN_FROM', 1.0, words)
end

local function look(task, name)
  local fields = common.fields(task, name)
  if #fields > 1 then
    return string.format('The message has %d lines "%s:"; a mail program writes one. '
      .. 'Send it from another program, or correct the one that made it', #fields, name)
  end
  if #fields == 0 then return nil end
  local found, why = addresses(tostring(fields[1].value))
  if not found then
    return string.format('The line "%s:" %s; write your own address there', name, why)
  end
  for _, address in ipairs(found) do
    if not mailstead_owns(task:get_user(), address) then
      return string.format('The line "%s:" says %s, and %s may not send as that address; choose '
        .. 'your own address as the sender, or have a forwarder of that name lead to your mailbox',
        name, common.printable(address), common.printable(mailbox(task:get_user())))
    end
  end
  return nil
end

-- Some programs read `From :` as From (RFC 5322 section 4.5.2 let it be written), others do not.
local function disguised(task)
  for line in tostring(task:get_raw_headers()):gmatch('[^\r\n]+') do
    local name = line:match('^(%a+)[ \t]+:')
    if name and (name:lower() == 'from' or name:lower() == 'sender') then
      return string.format('The line "%s:" has a blank before its colon; send the message from '
        .. 'another program, or correct the one that made it', name)
    end
  end
  return nil
end

rspamd_config:register_symbol({
  name = 'MAILSTEAD_OWN_FROM',
  type = 'prefilter',
  flags = 'nostat',
  priority = 10,
  score = 0.0,
  description = 'From or Sender is not an address of who has logged in',
  callback = function(task)
    if common.door(task) ~= 'user' then return end
    local ready = io.open(folder .. '/complete', 'r')
    if not ready then
      task:set_pre_result({ action = 'soft reject', module = 'MAILSTEAD_OWN_FROM',
        message = 'The addresses of this host are being read; try again in a minute' })
      return
    end
    ready:close()
    local words = disguised(task) or look(task, 'From') or look(task, 'Sender')
    if words then refuse(task, words) end
  end,
})
