-- What the guard hears of a message of our own users: addresses and numbers, nothing of its text.
-- Sent by Rspamd's metadata_exporter (render.py), read by guard/content.py.

local common = ...
local ucl = require 'ucl'
-- Fewer words are what anybody writes: "thank you, see you on Monday".
local FEWEST_WORDS = 16
local MOST_SYMBOLS = 4

-- 64 bits that differ in few places for texts that are alike: of each of the 32 smallest hashes of
-- three words in a row (min-hash, Broder 1997) the last two bits (b-bit min-hash, Li and König 2010).
local function text_number(task)
  local text, words = nil, FEWEST_WORDS - 1
  for _, part in ipairs(task:get_text_parts() or {}) do
    local count = part:get_words_count() or 0
    if count > words then text, words = part, count end
  end
  if not text then return '' end
  local _, hashes = text:get_fuzzy_hashes(task:get_mempool())
  if not hashes or #hashes ~= 32 then return '' end
  local digits = {}
  for at = 1, 32, 2 do
    -- Decimal, of 64 bits: more than a number of Lua holds. 100 is a multiple of 4.
    local one = tonumber(hashes[at][1]:sub(-2)) % 4
    local other = tonumber(hashes[at + 1][1]:sub(-2)) % 4
    digits[#digits + 1] = string.format('%x', one * 4 + other)
  end
  return table.concat(digits)
end

-- What somebody wrote becomes printable ASCII: a byte that JSON does not know would hide the rest.
local function plain(text)
  return (tostring(text):gsub('[^\33-\126]', '?'):sub(1, 320))
end

-- The symbols that made most of the score.
local function heavy(task)
  local found = {}
  for _, symbol in ipairs(task:get_symbols_all() or {}) do
    if symbol.score >= 1 then found[#found + 1] = symbol end
  end
  table.sort(found, function(a, b) return a.score > b.score end)
  local names = {}
  for at = 1, math.min(#found, MOST_SYMBOLS) do names[at] = found[at].name end
  return table.concat(names, ' ')
end

-- Taken, or refused for good: of what was put off we hear again.
function mailstead_told_to_guard(task)
  return common.door(task) == 'user' and task:get_metric_action() ~= 'soft reject'
end

function mailstead_content(task)
  local user = task:get_user()
  -- A message that was refused is nothing that was sent: only whose name it bore counts.
  local taken = task:get_metric_action() ~= 'reject'
  local from = task:get_from('mime')
  local author = from and from[1] and from[1].addr or ''
  local score = taken and task:get_metric_score()[1] or 0
  return ucl.to_format({
    user = plain(user),
    queue = plain(task:get_queue_id() or ''),
    author = plain(author:lower()),
    foreign = author ~= '' and not mailstead_owns(user, author:lower()),
    subject = taken and mailstead_subject_of(task) or '',
    text = taken and text_number(task) or '',
    score = tonumber(string.format('%.2f', score)),
    spam = score >= common.settings.junk_score,
    symbols = taken and heavy(task) or '',
  }, 'json-compact')
end
