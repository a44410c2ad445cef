-- A part of once_right.lua: says of a password that has just opened a mailbox whether it is known
-- from leaks. The file's form is in mailstead/breached/form.py.

local INDEX = "@INDEX@"
local HEAD, CHECK, ROW, MOST_BITS = 40, 8, 40, 12
local MAGIC, VERSION = "MSbreach", 1
local FIRST, SECOND = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53 -- MurmurHash3's finalizer

local pack, unpack, byte, rep = string.pack, string.unpack, string.byte, string.rep

-- SHA-1 (RFC 3174 §6.1) with 64-bit integers: what spills over 32 bits is cut off.
local function sha1(text)
  local a0, b0, c0, d0, e0 = 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0
  local fill = (55 - #text) % 64
  local padded = text .. "\128" .. rep("\0", fill) .. pack(">I8", #text * 8)
  local w = {}
  for at = 1, #padded, 64 do
    w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11], w[12], w[13], w[14], w[15],
      w[16] = unpack(">I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4", padded, at)
    for i = 17, 80 do
      local x = w[i - 3] ~ w[i - 8] ~ w[i - 14] ~ w[i - 16]
      w[i] = (x << 1 | x >> 31) & 0xFFFFFFFF
    end
    local a, b, c, d, e = a0, b0, c0, d0, e0
    for i = 1, 80 do
      local f
      if i <= 20 then
        f = (b & c | ~b & d) + 0x5A827999
      elseif i <= 40 then
        f = (b ~ c ~ d) + 0x6ED9EBA1
      elseif i <= 60 then
        f = (b & c | b & d | c & d) + 0x8F1BBCDC
      else
        f = (b ~ c ~ d) + 0xCA62C1D6
      end
      f = ((a << 5 | a >> 27) & 0xFFFFFFFF) + f + e + w[i] & 0xFFFFFFFF
      e, d, c, b, a = d, c, (b << 30 | b >> 2) & 0xFFFFFFFF, a, f
    end
    a0, b0, c0 = a0 + a & 0xFFFFFFFF, b0 + b & 0xFFFFFFFF, c0 + c & 0xFFFFFFFF
    d0, e0 = d0 + d & 0xFFFFFFFF, e0 + e & 0xFFFFFFFF
  end
  return pack(">I4I4I4I4I4", a0, b0, c0, d0, e0)
end

local crcs = {}
for i = 0, 255 do
  local c = i
  for _ = 1, 8 do
    c = c & 1 == 1 and (c >> 1 ~ 0xEDB88320) or c >> 1
  end
  crcs[i] = c
end

local function crc32(text)
  local c = 0xFFFFFFFF
  for i = 1, #text do
    c = crcs[(c ~ byte(text, i)) & 0xFF] ~ c >> 8
  end
  return c ~ 0xFFFFFFFF
end

-- The upper 64 bits of a product of 64 bits and 32.
local function upper(x, y)
  local low = (x & 0xFFFFFFFF) * y
  return (x >> 32) * y + (low >> 32) >> 32
end

-- Head and table of the file that was asked last: read whole and checked once, until another file
-- has its name.
local known_head, known_table, known_bits

local function table_of(file)
  local head = file:read(HEAD + CHECK)
  if not head or #head < HEAD + CHECK then
    return nil
  end
  if head == known_head then
    return known_table, known_bits
  end
  local magic, version, bits, _, _, _, size = unpack("<c8I2I2I4I8I8I8", head)
  if magic ~= MAGIC or version ~= VERSION or bits > MOST_BITS or file:seek("end") ~= size then
    return nil
  end
  file:seek("set", HEAD + CHECK)
  local rows = file:read(ROW << bits)
  if not rows or #rows < ROW << bits then
    return nil
  end
  if crc32(head:sub(1, HEAD) .. rows) ~= unpack("<I4", head, HEAD + 1) then
    return nil
  end
  known_head, known_table, known_bits = head, rows, bits
  return rows, bits
end

local function fingerprint(file, at)
  file:seek("set", at)
  return unpack("<I2", file:read(2))
end

local function look_up(file, hash)
  file:setvbuf("no")
  local rows, bits = table_of(file)
  if not rows then
    return false
  end
  local key = unpack(">i8", hash)
  -- A shift by 64 gives 0: one part only.
  local offset, seed, places, segment, span = unpack("<I8i8I4I4I4", rows, ROW * (key >> 64 - bits) + 1)
  if segment == 0 or span + 2 * segment > places then
    return false
  end
  local mixed = key + seed
  mixed = (mixed ~ mixed >> 33) * FIRST
  mixed = (mixed ~ mixed >> 33) * SECOND
  mixed = mixed ~ mixed >> 33
  local first = upper(mixed, span)
  local second = first + segment ~ (mixed >> 18 & segment - 1)
  local third = first + 2 * segment ~ (mixed & segment - 1)
  local found = fingerprint(file, offset + 2 * first)
    ~ fingerprint(file, offset + 2 * second)
    ~ fingerprint(file, offset + 2 * third)
  return found == (mixed ~ mixed >> 32) & 0xFFFF
end

-- Whether a hash is in the index; false without one, and when anything is wrong with it.
local function has(hash)
  local file = io.open(INDEX, "rb")
  if not file then
    return false
  end
  local well, found = pcall(look_up, file, hash)
  file:close()
  return well and found
end

-- A worker reads the table when it begins, not while somebody waits.
begin(function()
  has(rep("\0", 20))
end)

each_time(function(request, password)
  if has(sha1(password)) then
    -- Not the request's own log_info: it is silent without auth_verbose.
    dovecot.i_info(request:var_expand(
      "breached password: service=<%s> rip=<%r> credential=<%{passdb:credential}>"
    ))
  end
end)
