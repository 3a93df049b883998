import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { type Entry, fromBuffer, type ZipFile } from 'yauzl'

/** Returns the entries of a zip by name, in order. */
export async function unzip(bytes: Buffer): Promise<Map<string, Buffer>> {
  const open = promisify<Buffer, { lazyEntries: true }, ZipFile>(fromBuffer)
  const zip = await open(bytes, { lazyEntries: true })
  const entries = new Map<string, Buffer>()
  await new Promise<void>((resolve, reject) => {
    zip.once('end', resolve).once('error', reject)
    zip.on('entry', (entry: Entry) => {
      const openEntry = promisify(
        zip.openReadStream.bind(zip) as (
          entry: Entry,
          done: (error: Error | null, stream: NodeJS.ReadableStream) => void,
        ) => void,
      )
      openEntry(entry)
        .then(buffer)
        .then((content) => {
          entries.set(entry.fileName, content)
          zip.readEntry()
        })
        .catch(reject)
    })
    zip.readEntry()
  })
  return entries
}
