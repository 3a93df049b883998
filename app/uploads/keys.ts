/** `<location of the owner>/<upload>/<number>`, the first two of them UUIDs: no other key in a bucket is ours. */
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const KEY = new RegExp(`^(${UUID})/(${UUID})/\\d+$`)

/** What every key of an upload begins with. */
export const prefixOf = (location: string, upload: string) => `${location}/${upload}/`

/** Where an object belongs by its key; null for one that is not ours. */
export function readKey(key: string): { location: string; upload: string; prefix: string } | null {
  const [, location, upload] = KEY.exec(key) ?? []
  return location && upload ? { location, upload, prefix: prefixOf(location, upload) } : null
}
