-- One try, by the generic cell rate algorithm. KEYS[1] holds when the next try is due in theory.
-- ARGV: now in ms, or empty for the server's time; the period in ms; the burst.
-- Gives {1, ms until the burst is free again} or {0, ms to wait}.
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local period, burst = tonumber(ARGV[2]), tonumber(ARGV[3])
local arrival = tonumber(redis.call('GET', KEYS[1]) or now)
local next = math.max(arrival, now) + period
local wait = next - period * burst - now
if wait > 0 then
  return {0, wait}
end
redis.call('SET', KEYS[1], string.format('%d', next), 'PX', math.max(next - now, 1))
return {1, next - now}
