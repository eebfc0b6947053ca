-- Takes out events that are both beyond a count and older than an age; control events stay in a list of their own for longer.
-- ARGV: events to keep, age and age of control events in microseconds, most events of this call. Answer: how many went.
local keep, age, control_age, step = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local state = read_state()
local now = microseconds()

local function forget(entry)
    redis.call('HDEL', IDS, entry[2][ID])
    if entry[2][SOURCE] ~= '' then
        redis.call('HDEL', NUMBERS, entry[2][SEQ] .. ' ' .. entry[2][SOURCE])
    end
end

local function is_kept_control(entry)
    return string.find(entry[2][TYPE], '^member%.') or string.find(entry[2][TYPE], '^session%.')
        or string.find(entry[2][TYPE], '^organization%.')
end

local from = state.floor
local limit = math.min(from + step, state.head - keep)
if limit > from then
    for _, entry in ipairs(redis.call('XRANGE', LOG, place(from + 1), place(limit))) do
        local appended = tonumber(entry[2][APPENDED])
        if appended >= now - age then
            break
        end
        state.floor = position(entry)
        state.floor_fingerprint = entry[2][FINGERPRINT]
        if not (is_kept_control(entry) and appended > now - control_age) then
            forget(entry)
        end
    end
end
if state.floor > from then
    redis.call('XTRIM', LOG, 'MINID', '=', place(state.floor + 1))
    redis.call('HSET', META, 'floor', digits(state.floor), 'floor_fingerprint', state.floor_fingerprint)
end
for _, entry in ipairs(redis.call('XRANGE', CONTROLS, '-', '+', 'COUNT', step)) do
    if tonumber(entry[2][APPENDED]) > now - control_age then
        break
    end
    if position(entry) <= state.floor then
        forget(entry)
    end
    redis.call('XDEL', CONTROLS, entry[1])
end
return {state.floor - from}
