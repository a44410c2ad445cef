-- What the rules of this house share: its settings, by which door a message came, who speaks.

local settings = rspamd_config:get_all_opt('mailstead')

local M = { settings = settings, host = settings.host:lower() }

-- By which of Postfix's listeners a message came: each names itself (milter_macro_daemon_name).
function M.door(task)
  local name = task:get_request_header('MTA-Name')
  name = name and tostring(name) or ''
  if name == 'sieve' or name == 'forward' then return name end
  return task:get_user() and 'user' or 'world'
end

-- The fields of one name from top to bottom, as they came.
function M.fields(task, name)
  local found = task:get_header_full(name) or {}
  table.sort(found, function(a, b) return a.order < b.order end)
  return found
end

-- A text without comments (RFC 5322 section 3.2.2); nil when a bracket or a quote is left open.
-- Quoted strings go through `quoted`, which says what stands in their place; it hears what follows
-- and whether the string stands in <>.
function M.without_comments(text, quoted)
  local out, depth, at, angle = {}, 0, 1, false
  while at <= #text do
    local c = text:sub(at, at)
    if c == '\\' and depth > 0 then
      at = at + 1
    elseif c == '"' and depth == 0 then
      local word = {}
      at = at + 1
      while at <= #text and text:sub(at, at) ~= '"' do
        if text:sub(at, at) == '\\' then at = at + 1 end
        word[#word + 1] = text:sub(at, at)
        at = at + 1
      end
      if at > #text then return nil end
      out[#out + 1] = quoted(table.concat(word), text:sub(at + 1, at + 1), angle)
    elseif c == '(' then
      depth = depth + 1
    elseif c == ')' and depth > 0 then
      depth = depth - 1
      if depth == 0 then out[#out + 1] = ' ' end
    elseif depth == 0 then
      if c == '<' then angle = true elseif c == '>' then angle = false end
      out[#out + 1] = c
    end
    at = at + 1
  end
  if depth > 0 then return nil end
  return table.concat(out)
end

-- Who made an Authentication-Results field (RFC 8601 section 2.5), in lower case.
function M.authserv_id(value)
  local plain = M.without_comments(value, function(word) return word end)
  return plain and (plain:match('^%s*([^%s;]+)') or ''):lower() or ''
end

-- Everything of our own that stands in a reply of SMTP is printable ASCII and short.
function M.printable(text)
  local clean = text:gsub('[^\33-\126]', '?')
  return #clean > 120 and clean:sub(1, 120) .. '...' or clean
end

return M
