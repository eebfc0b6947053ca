-- Begins every script of the event log. KEYS are the parts of one organisation's log, in this order.
local META, LOG, IDS, NUMBERS, PRODUCERS, CONTROLS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]

-- Where the values of an entry stand in what XRANGE answers; its fields always come in this order.
local ID, FINGERPRINT, TYPE, ROOMS, PAYLOAD, OCCURRED, APPENDED, TRACE, SOURCE, SEQ = 2, 4, 6, 8, 10, 12, 14, 16, 18, 20

-- Lua would write large numbers as 1e+15.
local function digits(number)
    return string.format('%.0f', number)
end

local function place(position)
    return digits(position) .. '-0'
end

local function position(entry)
    return tonumber(string.match(entry[1], '^%d+'))
end

local function microseconds()
    local time = redis.call('TIME')
    return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

local function read_state()
    local found = redis.call('HMGET', META, 'epoch', 'head', 'head_fingerprint', 'floor', 'floor_fingerprint')
    return {
        epoch = found[1],
        head = tonumber(found[2] or 0),
        head_fingerprint = found[3] or '0',
        floor = tonumber(found[4] or 0),
        floor_fingerprint = found[5] or '0'
    }
end

-- Every position from floor + 1 to head has its entry, and every entry its id. False when Redis lost or evicted a part.
local function is_whole(state)
    if not state.epoch then
        return false
    end
    local kept = state.head - state.floor
    if redis.call('XLEN', LOG) ~= kept or redis.call('HLEN', IDS) < kept then
        return false
    end
    local last = redis.call('XREVRANGE', LOG, '+', '-', 'COUNT', 1)[1]
    return not last or position(last) == state.head
end

-- The log as it is, or a new and empty one with the given epoch when there is none or not all of it.
local function open_log(new_epoch)
    local state = read_state()
    if is_whole(state) then
        return state
    end
    redis.call('UNLINK', META, LOG, IDS, NUMBERS, PRODUCERS, CONTROLS)
    redis.call('HSET', META, 'epoch', new_epoch, 'head', 0, 'head_fingerprint', 0, 'floor', 0, 'floor_fingerprint', 0)
    return read_state()
end
