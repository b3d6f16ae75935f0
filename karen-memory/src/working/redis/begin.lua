-- Announces the change ARGV[1], for at most ARGV[2] ms. KEYS[1] lives ARGV[3] ms on.
if redis.call('HEXISTS', KEYS[1], 'change') == 1 then
  redis.call('DEL', KEYS[1])
end
local now = redis.call('TIME')
local ends = now[1] * 1000 + math.floor(now[2] / 1000) + ARGV[2]
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'change', ARGV[1], 'until', string.format('%d', ends))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
