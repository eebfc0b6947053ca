-- Looks for events of some rooms in a part of the log, at most so many entries a call, so that Redis is never held for long.
-- ARGV: first and last position, 1 to go down from the last, entries to look at, how many to find, 1 for whole entries instead
-- of positions, the rooms. Answer: 1 when there is nothing left to look at, the last position looked at, what was found.
local from, to = place(tonumber(ARGV[1])), place(tonumber(ARGV[2]))
local most, limit, whole = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1'
local wanted = {}
for i = 7, #ARGV do
    wanted[ARGV[i]] = true
end

local function names_one(rooms)
    for room in string.gmatch(rooms, '%S+') do
        if wanted[room] then
            return true
        end
    end
    return false
end

local entries
if ARGV[3] == '1' then
    entries = redis.call('XREVRANGE', LOG, to, from, 'COUNT', most)
else
    entries = redis.call('XRANGE', LOG, from, to, 'COUNT', most)
end
local found, last = {}, 0
for _, entry in ipairs(entries) do
    last = position(entry)
    if names_one(entry[2][ROOMS]) then
        found[#found + 1] = whole and entry or last
        if #found == limit then
            return {1, last, found}
        end
    end
end
return {#entries < most and 1 or 0, last, found}
