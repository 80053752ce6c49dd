package redisstore

// The scripts. They run on Redis 6.2 and later, so they have no flags of Redis 7; without these,
// Redis refuses the first command of a script that needs memory when there is none, and lets those
// through that only free some. So a script that adds something begins its writing with a command
// that needs memory (it happens whole or not at all), and the scripts that remove do nothing but
// remove.
//
// Redis does not undo a script that fails halfway, so what can fail comes first: the sorted sets,
// which another program may have overwritten. What remains then is an entry of the expiry too many,
// which a sweep removes.
//
// Times are compared as Lua's numbers (exact to 2⁵³ milliseconds) but kept and moved as the text
// that came from Go. Versions are compared as text and counted by HINCRBY. No reply has a nil or a
// number in it: clients differ in those.
//
// A server that evicts keys may drop a sorted set and keep the records. Who then asks for the
// sessions of a person, to end them, would be told of none, while all of them live. So both sorted
// sets of a shard hold a mark, which goes with them, and a record names the mark that it was
// entered under: it lives only while both have it. A shard that lost a sorted set, or that has no
// record yet, gets a new mark with the next Create. A mark begins with "#", which stands before all
// that the sets hold else; the expiry has it at the end of all time.

// common is what stands before every script but load, the most frequent one.
const common = `
local batch = 1000 -- words in one command: Lua's stack holds some thousands

-- bulk runs a command on a key for many words.
local function bulk(command, key, words, from, to)
	for i = from, to, batch do
		redis.call(command, key, unpack(words, i, math.min(i + batch - 1, to)))
	end
end

-- fields gives some fields of a record, false for each that it lacks; all of them if the key holds something else.
local function fields(key, ...)
	local found = redis.pcall('HMGET', key, ...)
	if found.err then
		if not string.find(found.err, 'WRONGTYPE', 1, true) then error(found.err) end
		found = {}
		for i = 1, select('#', ...) do found[i] = false end
	end
	return found
end

-- opens: the record is there, under that digest, and lives at now.
local function opens(digest, expires, given, now)
	expires = tonumber(expires or '')
	return digest == given and expires ~= nil and expires > tonumber(now)
end

-- later: the time moves forward. A stored time that is none gives way.
local function later(given, stored)
	stored = tonumber(stored or '')
	return stored == nil or tonumber(given) > stored
end

-- entry is the place of a session in the index. Subjects that share 64 bits of hash are told apart by their records.
local function place(subject) return string.sub(redis.sha1hex(subject), 1, 16) end
local function entry(subject, id) return place(subject) .. id end

-- entered: the record is known in both sorted sets, which are those that it was entered in.
local function entered(expiry, subjects, mark)
	return mark and redis.call('ZSCORE', expiry, mark) and redis.call('ZSCORE', subjects, mark)
end

-- mark gives the one that a sorted set has, by the command that finds it.
local function mark(command, key)
	local member = redis.call(command, key, 0, 0)[1]
	return member and string.sub(member, 1, 1) == '#' and member
end

-- tidy removes the sorted sets of a shard that holds nothing, or of which the expiry was lost.
local function tidy(expiry, subjects)
	local left = redis.call('ZCARD', expiry)
	if left == 0 or left == 1 and mark('ZREVRANGE', expiry) then redis.call('DEL', expiry, subjects) end
end

-- remove removes a record and all that is known of it.
local function remove(expiry, subjects, key, id)
	local subject = fields(key, 'u')[1]
	redis.call('DEL', key)
	redis.call('ZREM', expiry, id)
	if subject and subject ~= '' then redis.call('ZREM', subjects, entry(subject, id)) end
	tidy(expiry, subjects)
end
`

// KEYS: record, expiry, subjects. ARGV: id, expires, subject, then the fields and their values in
// turn, of which the first is the mark that a shard gets that has none.
const createScript = common + `
if redis.call('EXISTS', KEYS[1]) == 1 then return {'exists'} end
local first, second = mark('ZREVRANGE', KEYS[2]), mark('ZRANGE', KEYS[3])
if first and first == second then
	ARGV[5] = first
else
	redis.call('ZADD', KEYS[2], '+inf', ARGV[5])
	redis.call('ZADD', KEYS[3], 0, ARGV[5])
	if first then redis.call('ZREM', KEYS[2], first) end
	if second then redis.call('ZREM', KEYS[3], second) end
end
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
if ARGV[3] ~= '' then redis.call('ZADD', KEYS[3], 0, entry(ARGV[3], ARGV[1])) end
bulk('HSET', KEYS[1], ARGV, 4, #ARGV)
return {'ok'}
`

// KEYS: record, expiry, subjects. The reply is its fields and their values in turn; whether it
// lives is seen from them. There are none if it is not entered.
const loadScript = `
local record = redis.pcall('HGETALL', KEYS[1])
if record.err then
	if not string.find(record.err, 'WRONGTYPE', 1, true) then return record end
	return {}
end
for i = 1, #record, 2 do
	if record[i] == 'g' then
		local mark = record[i + 1]
		if redis.call('ZSCORE', KEYS[2], mark) and redis.call('ZSCORE', KEYS[3], mark) then return record end
	end
end
return {}
`

// KEYS: record, expiry, subjects. ARGV: see the names; then the fields to delete, then those to set
// and their values.
const patchScript = common + `
local id, digest, now, version, clear, deleted, seen, until_, signin, subject, expires = unpack(ARGV, 1, 11)
local record = fields(KEYS[1], 'd', 'e', 'v', 'u', 's', 'g')
if not opens(record[1], record[2], digest, now) then return {'missing'} end
if not entered(KEYS[2], KEYS[3], record[6]) then return {'missing'} end
local current = record[3] or ''
if not string.match(current, '^%d+$') or #current > 18 then return {'unreadable'} end
if version ~= '0' and version ~= current then return {'conflict'} end

local was = record[4] or ''
if signin == '0' then subject, expires = was, record[2] end
if until_ ~= '' and later(until_, expires) then expires = until_ end
if expires ~= record[2] then redis.call('ZADD', KEYS[2], expires, id) end
if subject ~= was then
	if subject ~= '' then redis.call('ZADD', KEYS[3], 0, entry(subject, id)) end
	if was ~= '' then redis.call('ZREM', KEYS[3], entry(was, id)) end
end

redis.call('HINCRBY', KEYS[1], 'v', 1)
if clear == '1' then
	local values = {}
	for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
		if string.sub(field, 1, 1) == '=' then values[#values + 1] = field end
	end
	bulk('HDEL', KEYS[1], values, 1, #values)
end
local set = 12 + tonumber(deleted)
bulk('HDEL', KEYS[1], ARGV, 12, set - 1)
bulk('HSET', KEYS[1], ARGV, set, #ARGV)
if expires ~= record[2] then redis.call('HSET', KEYS[1], 'e', expires) end
if seen ~= '' and later(seen, record[5]) then redis.call('HSET', KEYS[1], 's', seen) end
return {'ok', redis.call('HGET', KEYS[1], 'v')}
`

// KEYS: record, expiry, subjects. ARGV: id, digest, now, last seen, expires.
const touchScript = common + `
local id, digest, now, seen, expires = unpack(ARGV)
local record = fields(KEYS[1], 'd', 'e', 's', 'g')
if not opens(record[1], record[2], digest, now) then return {'missing'} end
if not entered(KEYS[2], KEYS[3], record[4]) then return {'missing'} end
if later(expires, record[2]) then
	redis.call('ZADD', KEYS[2], expires, id)
	redis.call('HSET', KEYS[1], 'e', expires)
end
if later(seen, record[3]) then redis.call('HSET', KEYS[1], 's', seen) end
return {'ok'}
`

// KEYS: expiry, subjects, then records. ARGV: the ids of these records.
const deleteScript = common + `
for i, id in ipairs(ARGV) do remove(KEYS[1], KEYS[2], KEYS[i + 2], id) end
return {'ok'}
`

// KEYS: expiry, subjects, then records. ARGV: now, how many to name, then the ids of these records,
// which an earlier run named: they are removed if they are still dead. The reply is how many were,
// and ids of more that are dead.
const sweepScript = common + `
local removed = 0
for i = 3, #ARGV do
	local expires = redis.call('ZSCORE', KEYS[1], ARGV[i])
	if expires and tonumber(expires) <= tonumber(ARGV[1]) then
		remove(KEYS[1], KEYS[2], KEYS[i], ARGV[i])
		removed = removed + 1
	end
end
tidy(KEYS[1], KEYS[2])
local more = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
return {tostring(removed), unpack(more)}
`

// KEYS: subjects. ARGV: subject. The reply is the ids in its part of the index.
const findScript = common + `
local at = place(ARGV[1])
local found = {'ok'}
for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], '[' .. at, '(' .. at .. 'g')) do
	found[#found + 1] = string.sub(member, 17)
end
return found
`

// KEYS: expiry. ARGV: cursor, now, roughly how many. The reply is the next cursor, and ids of
// records that may live.
const scanScript = common + `
local page = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[3])
local found, members = {page[1]}, page[2]
for i = 1, #members, 2 do
	if string.sub(members[i], 1, 1) ~= '#' and tonumber(members[i + 1]) > tonumber(ARGV[2]) then found[#found + 1] = members[i] end
end
return found
`

// KEYS: expiry, subjects, then records. ARGV: subject or ”, then the ids of these records. The
// reply is, for each, the fields of names in their order, ” for what it lacks. A record that is not
// entered is removed; what the sorted sets know of it, or of one that is not there (somebody else
// removed it), is forgotten.
const readScript = common + `
local out = {}
for i = 2, #ARGV do
	local key, id = KEYS[i + 1], ARGV[i]
	local known = entered(KEYS[1], KEYS[2], fields(key, 'g')[1])
	for _, value in ipairs(fields(key, {names})) do out[#out + 1] = known and value or '' end
	if not known then
		if ARGV[1] ~= '' then redis.call('ZREM', KEYS[2], entry(ARGV[1], id)) end
		remove(KEYS[1], KEYS[2], key, id)
	end
end
return out
`
