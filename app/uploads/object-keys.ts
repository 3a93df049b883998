const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
/** `<location of the owner>/<upload>/<number>`. Objects with other keys in a bucket do not belong to this service. */
const KEY = new RegExp(`^(${UUID})/(${UUID})/\\d+$`)

/** Returns the beginning of the keys of all objects of an upload. */
export const uploadPrefix = (location: string, upload: string) => `${location}/${upload}/`

/** Returns the parts of an object's key, or null if the object does not belong to this service. */
export function parseObjectKey(key: string): { location: string; upload: string; prefix: string } | null {
  const [, location, upload] = KEY.exec(key) ?? []
  return location && upload ? { location, upload, prefix: uploadPrefix(location, upload) } : null
}
