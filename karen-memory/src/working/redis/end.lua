-- Ends the change ARGV[1]. If no other began since, adds to the sessions that are held: ARGV[3], ARGV[5]... name
-- them, each followed by its records. One that grows past ARGV[2] bytes is let go.
if #ARGV == 2 or redis.call('HGET', KEYS[1], 'change') ~= ARGV[1] then
  redis.call('DEL', KEYS[1])
  return
end
redis.call('HDEL', KEYS[1], 'change', 'until')
for i = 3, #ARGV, 2 do
  local held = redis.call('HGET', KEYS[1], ARGV[i])
  if held and #held + #ARGV[i + 1] > tonumber(ARGV[2]) then
    redis.call('HDEL', KEYS[1], ARGV[i])
  elseif held then
    redis.call('HSET', KEYS[1], ARGV[i], held .. ARGV[i + 1])
  end
end
