import { errorOf, toError } from '../../api/errors.ts'

/**
 * Reads bytes of a link with a password, which needs a header and so cannot be an address. Browsers keep large blobs on
 * the disk, not in memory.
 *
 * @throws ApiError
 */
export async function fetchBytes(url: string, password: string): Promise<Response> {
  const response = await fetch(url, { headers: { 'X-Link-Password': encodeURIComponent(password) } }).catch(
    (thrown) => {
      throw toError(thrown)
    },
  )
  if (!response.ok) throw errorOf(await response.json().catch(() => null))
  return response
}

/** The file chooser of Chromium, which lets a page write to the disk while it reads. */
interface SavePicker {
  showSaveFilePicker?: (options: { suggestedName: string }) => Promise<{
    createWritable(): Promise<WritableStream<Uint8Array>>
  }>
}

/** Files up to this size are read before the browser saves them, in bytes. Larger ones are written as they arrive. */
const MAX_BLOB = 64 * 1024 * 1024

/**
 * Downloads bytes of a link with a password.
 *
 * @throws ApiError, or an AbortError if the user chose no place for the file
 */
export async function saveBytes(url: string, password: string, name: string, size: number): Promise<void> {
  const picker = (globalThis as SavePicker).showSaveFilePicker
  if (picker && size > MAX_BLOB) {
    // asked first: a question needs the click of the user, and the link loses a download only after the answer
    const place = await picker({ suggestedName: name })
    const { body } = await fetchBytes(url, password)
    await body?.pipeTo(await place.createWritable())
    return
  }
  const address = URL.createObjectURL(await (await fetchBytes(url, password)).blob())
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // the browser has begun to read it by then
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
