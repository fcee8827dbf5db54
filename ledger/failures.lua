-- What is wrong with events: those of one connection that say the same, but for numbers, together.
-- KEYS  lists of events, of which the newest are looked at     ARGV  how many of them, then more event ids
-- Returns for each: connection, organization, error (JSON) of the first, how many differ, then the ids, the newest first.
local most, places, ids = tonumber(ARGV[1]), {}, {unpack(ARGV, 2)}
for _, list in ipairs(KEYS) do
  local ranked = redis.call('ZREVRANGE', list, 0, most - 1, 'WITHSCORES')
  for i = 1, #ranked, 2 do table.insert(places, {tonumber(ranked[i + 1]), ranked[i]}) end
end
if #KEYS > 1 then table.sort(places, function(one, other) return one[1] > other[1] end) end
for i = 1, math.min(most, #places) do table.insert(ids, places[i][2]) end

local found, by, seen = {}, {}, {}
for _, event_id in ipairs(ids) do
  local connection, organization, err =
    unpack(redis.call('HMGET', 'bh:event:' .. event_id, 'connection', 'organization', 'error'))
  if err then
    local said = connection .. ' ' .. organization .. ' ' .. err
    if not seen[said] then
      -- The numbers in a name that is asked for are its own.
      local words = string.find(err, '"question": null', 1, true) and string.gsub(err, '%d+', '#') or err
      local key = connection .. ' ' .. organization .. ' ' .. words
      if not by[key] then
        by[key] = {connection, organization, err, 0}
        table.insert(found, by[key])
      end
      by[key][4] = by[key][4] + 1
      seen[said] = by[key]
    end
    table.insert(seen[said], event_id)
  end
end
return found
