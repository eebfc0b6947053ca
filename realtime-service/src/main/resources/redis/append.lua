-- Appends what several callers want, one after the other, and answers each.
-- ARGV: an epoch for a log that has to be made, the number of requests; of each request the source ('' for none), the first
-- number, the number of events; of each event id, fingerprint, whether it is a control event, type, rooms, payload, time,
-- traceparent. Answer: the epoch, and of each request {0, position or 0 for a duplicate, …}, {1, expected} or {2, seq}.
local VALUES = 8
local state = open_log(ARGV[1])
local now = digits(microseconds())
local at = 3

-- A number stands for one event for ever. What is gone by retention cannot be compared and counts as the same.
local function diverging(source, first, last, count)
    for i = 0, count - 1 do
        local id, seq = ARGV[at + i * VALUES], first + i
        local taken = seq <= last and redis.call('HGET', NUMBERS, digits(seq) .. ' ' .. source)
        if taken and taken ~= id then
            return seq
        end
        local known = redis.call('HGET', IDS, id)
        local own_seq, own_source = string.match(known or '', '^%d+ (%d+) (.*)$')
        if own_source == source and tonumber(own_seq) ~= seq then
            return seq
        end
    end
end

local function add(source, seq, event)
    local id, fingerprint, control = ARGV[event], ARGV[event + 1], ARGV[event + 2]
    state.head = state.head + 1
    state.head_fingerprint = fingerprint
    local fields = {
        'i', id, 'f', fingerprint, 't', ARGV[event + 3], 'r', ARGV[event + 4], 'p', ARGV[event + 5],
        'o', ARGV[event + 6], 'a', now, 'c', ARGV[event + 7], 's', source, 'n', seq
    }
    redis.call('XADD', LOG, place(state.head), unpack(fields))
    if control == '1' then
        redis.call('XADD', CONTROLS, place(state.head), unpack(fields))
    end
    if source == '' then
        redis.call('HSET', IDS, id, digits(state.head))
    else
        redis.call('HSET', IDS, id, digits(state.head) .. ' ' .. seq .. ' ' .. source)
        redis.call('HSET', NUMBERS, seq .. ' ' .. source, id)
    end
    return state.head
end

local function answer(source, first, count)
    local numbered = source ~= ''
    local last = 0
    if numbered then
        last = tonumber(redis.call('HGET', PRODUCERS, source) or 0)
        if first > last + 1 then
            return {1, last + 1}
        end
        local seq = diverging(source, first, last, count)
        if seq then
            return {2, seq}
        end
    end
    local places = {0}
    for i = 0, count - 1 do
        local event = at + i * VALUES
        local taken = (numbered and first + i <= last) or redis.call('HEXISTS', IDS, ARGV[event]) == 1
        places[i + 2] = taken and 0 or add(source, numbered and digits(first + i) or '', event)
    end
    if numbered and first + count - 1 > last then
        redis.call('HSET', PRODUCERS, source, digits(first + count - 1))
    end
    return places
end

local answers = {state.epoch}
local before = state.head
for request = 1, tonumber(ARGV[2]) do
    local source, first, count = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    at = at + 3
    answers[request + 1] = answer(source, first, count)
    at = at + count * VALUES
end
if state.head > before then
    redis.call('HSET', META, 'head', digits(state.head), 'head_fingerprint', state.head_fingerprint)
end
return answers
