"""What Rspamd tells the delivery log of a message: a Lua file beside its rules.

Rspamd has each message taken apart anyhow. It puts facts into headers that Postfix writes into its
log and takes out before the message goes on (`milter_header_checks`), so nothing of them is ever in
anybody's mail, and the log's reader needs no file but Postfix's.

* `X-Mailstead-Subject`, of every message: the keyed hash of its subject (`standards.subject`).
* `X-Mailstead-Report`, of reports without a sender (RFC 3462): base64 of the Message-ID that one is
  about, a line with a dot, and the beginning of what it says; read by `node/returns.py`.
"""

from __future__ import annotations

from mailstead.standards.subject import DIGITS, LONGEST, REPLIES

SYMBOL = "MAILSTEAD_FACTS"
MOST_OF_REPORT = 900
"""Octets of a report that are told, some five recipients. A line of Postfix's log has 2,000 octets
and is cut there; what is cut off comes last."""


def lua(key_file: str) -> str:
    """The text of `rules/facts.lua`; `key_file` holds the key of subjects."""
    again = ", ".join(f'"{word}"' for word in REPLIES)
    return f"""\
local hash = require "rspamd_cryptobox_hash"
local util = require "rspamd_util"
local lua_mime = require "lua_mime"

local again = {{{again}}}
local file = io.open("{key_file}", "r")
local key = file and file:read("*l")
if file then file:close() end

local function bare(subject)
  local text = util.lower_utf8(subject) or subject
  text = text:gsub("[ \\t\\r\\n\\f\\v]+", " "):gsub("^ ", ""):gsub(" $", "")
  local found = true
  while found do
    found = false
    for _, word in ipairs(again) do
      local rest = text:match("^" .. word .. ": ?(.*)$")
        or text:match("^" .. word .. "%[%d+%]: ?(.*)$")
      if rest then
        text, found = rest, true
        break
      end
    end
  end
  return text:sub(1, {LONGEST})
end

local statuses = {{["delivery-status"] = true, ["global-delivery-status"] = true}}
local originals = {{
  ["rfc822"] = true, ["rfc822-headers"] = true, ["global"] = true, ["global-headers"] = true,
}}
local message_id = "\\n[Mm][Ee][Ss][Ss][Aa][Gg][Ee]%-[Ii][Dd]:%s*(<[^<>%s]+>)"

function mailstead_subject(subject, with)
  local text = bare(subject)
  if text == "" then return nil end
  return hash.create_keyed(with, text):hex():sub(1, {DIGITS})
end

function mailstead_subject_of(task)
  local subject = key and task:get_header("Subject")
  return subject and mailstead_subject(subject, key)
end

local function report_of(task)
  local from = task:get_from("smtp")
  if from and from[1] and from[1].addr ~= "" then return nil end
  local said, about
  for _, part in ipairs(task:get_parts() or {{}}) do
    local kind, sub = part:get_type()
    if kind == "message" and statuses[sub] then
      said = said or tostring(part:get_content())
    elseif originals[sub] then
      about = about or tostring(part:get_content()):sub(1, 65536)
    end
  end
  if not said then return nil end
  local id = about and ("\\n" .. about):match(message_id)
  local text = (id or ""):sub(1, 250) .. "\\n.\\n" .. said:sub(1, {MOST_OF_REPORT})
  return tostring(util.encode_base64(text))
end

rspamd_config:register_symbol({{
  name = "{SYMBOL}",
  type = "idempotent",
  flags = "empty,explicit_disable,ignore_passthrough",
  callback = function(task)
    local add = {{}}
    local hashed = mailstead_subject_of(task)
    if hashed then add["X-Mailstead-Subject"] = {{order = -1, value = hashed}} end
    local report = report_of(task)
    if report then add["X-Mailstead-Report"] = {{order = -1, value = report}} end
    if next(add) then lua_mime.modify_headers(task, {{add = add}}) end
  end,
}})
"""
