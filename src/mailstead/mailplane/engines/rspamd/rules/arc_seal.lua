-- The seal on mail that is forwarded (RFC 8617): what was found at its first arrival, signed by this
-- node. Rspamd's own module seals when it scans; what is forwarded comes by once more, from
-- loopback, and is not scanned again. And its version 3.4 signs the sets of a longer chain in the
-- wrong order, so that no receiver accepts a chain that it has extended.

local common = ...
local hash = require 'rspamd_cryptobox_hash'
local lua_mime = require 'lua_mime'
local lua_util = require 'lua_util'
local rspamd_logger = require 'rspamd_logger'
local rspamd_rsa = require 'rspamd_rsa'
local rspamd_rsa_privkey = require 'rspamd_rsa_privkey'
local rspamd_util = require 'rspamd_util'

local key = common.settings.arc
local RESULTS, SIGNATURE, SEAL = 'ARC-Authentication-Results', 'ARC-Message-Signature', 'ARC-Seal'
-- RFC 8617 section 5.2, step 1.
local MOST_SETS = 50

-- What this house said when the message arrived: the part behind its name.
local function first_verdict(task)
  for _, field in ipairs(common.fields(task, 'Authentication-Results')) do
    local value = tostring(field.value)
    if common.authserv_id(value) == common.host then
      return (value:gsub('^[^;]*;%s*', ''):gsub('[\r\n]+%s*', ' '))
    end
  end
  return nil
end

-- The sets in their order, each with its three fields; nil when the chain has another form than
-- RFC 8617 section 5.2 step 3 asks.
local function chain(task)
  local sets, counts = {}, {}
  for _, name in ipairs({ RESULTS, SIGNATURE, SEAL }) do
    local fields = common.fields(task, name)
    counts[#counts + 1] = #fields
    for _, field in ipairs(fields) do
      local number = tonumber(tostring(field.value):match('^%s*i%s*=%s*(%d+)')
        or tostring(field.value):match(';%s*i%s*=%s*(%d+)'))
      if not number then return nil end
      sets[number] = sets[number] or {}
      if sets[number][name] then return nil end
      sets[number][name] = tostring(field.value)
    end
  end
  if counts[1] ~= counts[2] or counts[2] ~= counts[3] or counts[1] >= MOST_SETS then return nil end
  for number = 1, counts[1] do
    local set = sets[number]
    if not (set and set[RESULTS] and set[SIGNATURE] and set[SEAL]) then return nil end
  end
  return sets
end

-- The scope of a seal (section 5.1.1): every set from the first on, the last one's seal without b=.
local function seal_text(sets, last)
  local canon = rspamd_plugins.dkim.canon_header_relaxed
  local context = hash.create_specific('sha256')
  for number, set in ipairs(sets) do
    context:update(canon(RESULTS, set[RESULTS]))
    context:update(canon(SIGNATURE, set[SIGNATURE]))
    if number < #sets then context:update(canon(SEAL, set[SEAL])) end
  end
  -- No line end behind the last one.
  context:update((tostring(canon(SEAL, last)):gsub('\r\n$', '')))
  return context:bin()
end

local function seal(task, sets, verdict)
  local number = #sets + 1
  local made, signature = rspamd_plugins.dkim.sign(task, {
    domain = key.domain, selector = key.selector, key = key.path,
    sign_type = 'arc-sign', arc_idx = number, arc_cv = number == 1 and 'none' or 'pass',
    no_cache = true,
  })
  if not made then
    rspamd_logger.errx(task, 'cannot seal: the message cannot be signed')
    return
  end
  local set = {
    [RESULTS] = lua_util.fold_header(task, RESULTS,
      string.format('i=%d; %s; %s', number, common.settings.host, verdict), ';'),
    [SIGNATURE] = lua_util.fold_header(task, SIGNATURE, tostring(signature)),
  }
  sets[number] = set
  local private = rspamd_rsa_privkey.load_file(key.path)
  local text = string.format('i=%d; a=rsa-sha256; t=%d; cv=%s; d=%s; s=%s; b=', number,
    math.floor(rspamd_util.get_time()), number == 1 and 'none' or 'pass', key.domain, key.selector)
  local value = tostring(rspamd_rsa.sign_memory(private, seal_text(sets, text)):base64(70, 'lf'))
  set[SEAL] = text .. value:gsub('\n', '\n\t')
  lua_mime.modify_headers(task, {
    add = {
      [RESULTS] = { order = 1, value = set[RESULTS] },
      [SIGNATURE] = { order = 1, value = set[SIGNATURE] },
      [SEAL] = { order = 1, value = set[SEAL] },
    },
    order = { RESULTS, SIGNATURE, SEAL },
  })
  task:insert_result('MAILSTEAD_SEALED', 1.0, tostring(number))
end

rspamd_config:register_symbol({
  name = 'MAILSTEAD_SEALED',
  type = 'normal',
  flags = 'nostat',
  score = 0.0,
  callback = function(task)
    if common.door(task) ~= 'forward' then return end
    local verdict = first_verdict(task)
    -- Without a first arrival there is nothing to tell.
    if not verdict then return end
    local sets = chain(task)
    -- A chain that was broken when it came cannot be mended; a set more would claim that it holds.
    -- With the semicolon before it: `dmarc=pass` ends like it.
    if not sets or (#sets > 0 and not ('; ' .. verdict):find(';%s*arc=pass')) then return end
    seal(task, sets, verdict)
  end,
})
