/** Longest key in characters: a disk keeps it in one file name (255 bytes) beside a time and a UUID. */
export const MAX_KEY_LENGTH = 200

const KEY = /^[\w-]+(?:\/[\w-]+)*$/
const PREFIX = /^(?:[\w-]+\/)*[\w-]*$/

/** Whether a name can be one segment of a key: other files in our folder are not ours. */
export const isSegment = (name: string) => /^[\w-]+$/.test(name)

/** Answers the key; throws `TypeError` for one that we cannot have made, so that no path is ever built of it. */
export function assertKey(key: string): string {
  if (key.length > MAX_KEY_LENGTH || !KEY.test(key)) {
    throw new TypeError(`not an object key: ${JSON.stringify(key)}`)
  }
  return key
}

/** Answers the prefix, '' for every key; throws `TypeError` for one that no key can begin with. */
export function assertPrefix(prefix: string): string {
  if (prefix.length > MAX_KEY_LENGTH || !PREFIX.test(prefix)) {
    throw new TypeError(`not the beginning of an object key: ${JSON.stringify(prefix)}`)
  }
  return prefix
}
