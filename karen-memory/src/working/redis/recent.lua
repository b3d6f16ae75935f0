-- What is held of the session ARGV[1], and the version, which is ARGV[2] where there was none; neither while a change
-- is under way. KEYS[1] lives ARGV[3] ms on.
if redis.call('HEXISTS', KEYS[1], 'change') == 1 then
  local now = redis.call('TIME')
  if now[1] * 1000 + math.floor(now[2] / 1000) < tonumber(redis.call('HGET', KEYS[1], 'until')) then
    return {false, false}
  end
  redis.call('DEL', KEYS[1])
end
redis.call('HSETNX', KEYS[1], 'version', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {redis.call('HGET', KEYS[1], ARGV[1]), redis.call('HGET', KEYS[1], 'version')}
