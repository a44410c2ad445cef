-- What the author's domain asks for mail that fails its DMARC policy (RFC 7489 section 6.6) is done:
-- refused, or filed as junk. Not where a forwarder that we trust vouches for it by ARC, and more
-- gently for mailing lists, which change what they send on. Rspamd's module looks the policy up and
-- gives the verdict, with sp and pct; a DNS that does not answer makes no failure.

local common = ...
local lua_auth_results = require 'lua_auth_results'
local rspamd_util = require 'rspamd_util'
local policy = common.settings.dmarc

local trusted = {}
for _, name in ipairs(policy.trusted_forwarders or {}) do trusted[name:lower()] = true end

-- The results that the last trusted forwarders tell: from the top of a chain that holds, downwards,
-- as long as each seal is a trusted one's. A trusted seal below a stranger's proves nothing: the
-- stranger may have changed the message since.
local function vouched(task)
  if not task:has_symbol('ARC_ALLOW') then return nil end
  local seals = task:cache_get('arc-seals') or {}
  local first
  for number = #seals, 1, -1 do
    if not trusted[(seals[number].d or ''):lower()] then break end
    first = number
  end
  if not first then return nil end
  for _, field in ipairs(common.fields(task, 'ARC-Authentication-Results')) do
    local value = tostring(field.decoded or field.value)
    if tonumber(value:match('^%s*i%s*=%s*(%d+)')) == first then return value end
  end
  return nil
end

local function passed_there(task)
  local value = vouched(task)
  local from = (task:get_from('mime') or {})[1]
  if not value or not from then return false end
  for part in value:gmatch('[^;]+') do
    local told = lua_auth_results.parse_ar_element((part:gsub('^%s+', '')))
    if told and told.dmarc == 'pass' then
      local domain = told['header.from']
      return domain ~= nil
        and rspamd_util.get_tld(domain:lower()) == rspamd_util.get_tld(from.domain:lower())
    end
  end
  return false
end

local function from_list(task)
  return task:has_symbol('MAILLIST')
    or (task:has_header('List-Id') and task:has_header('List-Post'))
end

local function junk(task, words)
  task:insert_result('MAILSTEAD_DMARC_JUNK', 1.0, words)
  task:set_pre_result({ action = 'add header', module = 'MAILSTEAD_DMARC', message = words,
    flags = 'least' })
end

local function judge(task)
  if common.door(task) ~= 'world' then return end
  local refused = task:has_symbol('DMARC_POLICY_REJECT')
  local verdict = refused and 'DMARC_POLICY_REJECT' or 'DMARC_POLICY_QUARANTINE'
  if not task:has_symbol(verdict) then return end
  if passed_there(task) then
    task:adjust_result(verdict, 0.0, 'ARC')
    task:insert_result('MAILSTEAD_DMARC_TRUSTED', 0.0)
  elseif not refused then
    junk(task, 'quarantine')
  elseif policy.lists == 'junk' and from_list(task) then
    junk(task, 'list')
  else
    local from = (task:get_from('mime') or {})[1]
    task:set_pre_result({ action = 'reject', module = 'MAILSTEAD_DMARC', message = string.format(
      'The domain %s asks to refuse mail in its name that it has not authorized (DMARC): neither '
      .. 'SPF nor DKIM shows that this message is its own. Send it through the servers of that '
      .. 'domain, or ask its administrator. About DMARC: https://www.rfc-editor.org/rfc/rfc7489',
      common.printable(from and from.domain or '')) })
  end
end

local id = rspamd_config:register_symbol({
  name = 'MAILSTEAD_DMARC',
  type = 'postfilter',
  flags = 'nostat,ignore_passthrough',
  -- Of postfilters the lower number comes first: before greylisting.
  priority = 1,
  callback = function(task)
    if policy.honour then judge(task) end
  end,
})
-- As many points as make junk: mailboxes with a level of their own go by them.
rspamd_config:register_symbol({
  name = 'MAILSTEAD_DMARC_JUNK', type = 'virtual', parent = id, score = common.settings.junk_score,
})
rspamd_config:register_symbol({
  name = 'MAILSTEAD_DMARC_TRUSTED', type = 'virtual', parent = id, score = 0.0,
})
