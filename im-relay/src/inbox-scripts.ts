/**
 * What must be atomic in an inbox, as Lua scripts for Redis. All keys of a mailbox carry its id in braces, so that
 * they lie in one hash slot, and all keys a script touches are passed in KEYS (Redis Cluster). A script does not
 * read the clock: the time is an argument, so that one clock rules and a test can move it.
 */
import { RedisScript } from './redis-script.ts';

/**
 * Appends events, each once.
 *
 * KEYS[1] head hash (epoch, seq)  KEYS[2] log stream, entry id `<seq>-0`  KEYS[3] expiry zset, conversation → ms
 * KEYS[4…] for each event, the hash of its conversation: event id → seq
 * ARGV[1] epoch for a new inbox  ARGV[2] now, ms  ARGV[3] how long ids outlive the expiry, ms
 * ARGV[4…] for each event five: id, conversation, expiresAt in ms, device or '', JSON
 * Returns for each event two: seq, and 1 when it was stored now or 0 when it was there before.
 */
export const APPEND = new RedisScript(`
redis.call('HSETNX', KEYS[1], 'epoch', ARGV[1])
local answer = {}
for i = 1, #KEYS - 3 do
  local stored = KEYS[3 + i]
  local a = 3 + (i - 1) * 5
  local id, conversation, expires = ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
  local seq = tonumber(redis.call('HGET', stored, id))
  local isNew = 0
  if not seq then
    seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
    redis.call('XADD', KEYS[2], string.format('%.0f-0', seq), 'at', ARGV[2], 'to', ARGV[a + 4], 'e', ARGV[a + 5])
    redis.call('HSET', stored, id, string.format('%.0f', seq))
    isNew = 1
  end
  redis.call('ZADD', KEYS[3], 'GT', expires, conversation)
  local ends = tonumber(redis.call('ZSCORE', KEYS[3], conversation))
  local remembered = math.max(ends - tonumber(ARGV[2]), 0) + tonumber(ARGV[3])
  redis.call('PEXPIRE', stored, string.format('%.0f', remembered))
  answer[#answer + 1] = seq
  answer[#answer + 1] = isNew
end
return answer
`);

/**
 * Epoch and last number of an inbox, which is made when there is none.
 *
 * KEYS[1] head hash  ARGV[1] epoch for a new inbox
 * Returns two: epoch, last seq as text or nil.
 */
export const HEAD = new RedisScript(`
redis.call('HSETNX', KEYS[1], 'epoch', ARGV[1])
return redis.call('HMGET', KEYS[1], 'epoch', 'seq')
`);

/**
 * Moves the cursor of a device forward, never back.
 *
 * KEYS[1] cursor hash, device → seq  ARGV[1] device  ARGV[2] cursor
 * Returns the cursor now held, as text.
 */
export const ACKNOWLEDGE = new RedisScript(`
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held and tonumber(held) >= tonumber(ARGV[2]) then return held end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return ARGV[2]
`);

/**
 * Removes all events of one conversation if it has expired. The ids of its events stay known for a while, so that
 * a late repetition of an append is not taken for news.
 *
 * KEYS[1] log stream  KEYS[2] expiry zset  KEYS[3] hash of the conversation: event id → seq
 * ARGV[1] conversation  ARGV[2] now, ms
 * Returns how many events were removed, or -1 when the conversation has not expired (it was prolonged meanwhile).
 */
export const SWEEP_CONVERSATION = new RedisScript(`
local ends = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]))
if not ends or ends > tonumber(ARGV[2]) then return -1 end
local removed = 0
for _, seq in ipairs(redis.call('HVALS', KEYS[3])) do
  removed = removed + redis.call('XDEL', KEYS[1], seq .. '-0')
end
redis.call('ZREM', KEYS[2], ARGV[1])
return removed
`);

/**
 * Registers a device unless it was revoked.
 *
 * KEYS[1] device record  ARGV[1] record as JSON  ARGV[2] the word that stands there after a revocation
 * Returns 1 when registered, 0 when the device was revoked before.
 */
export const REGISTER_DEVICE = new RedisScript(`
if redis.call('GET', KEYS[1]) == ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1
`);
