-- Holds the records ARGV[3] of the session ARGV[1], unless a change began after the version ARGV[2]. A user has
-- ARGV[4] sessions at most: one more, and the others go.
if redis.call('HEXISTS', KEYS[1], 'change') == 1 or redis.call('HGET', KEYS[1], 'version') ~= ARGV[2] then
  return
end
local lives = redis.call('PTTL', KEYS[1])
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[4]) then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'version', ARGV[2])
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('PEXPIRE', KEYS[1], lives)
