-- Where the log stands. ARGV: an epoch for a log that has to be made.
local state = open_log(ARGV[1])
return {state.epoch, state.head, state.head_fingerprint, state.floor, state.floor_fingerprint}
