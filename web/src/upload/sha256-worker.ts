import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

/** How far it is, then the SHA-256 in hexadecimal, or why the file cannot be read. */
export type Answer = { bytes: number } | { sha256: string } | { error: string }

const answer = (to: Answer) => postMessage(to)

/** Answers a file with its SHA-256, without reading all of it into the memory. Works on pages without HTTPS too. */
addEventListener('message', async ({ data }: MessageEvent<File>) => {
  try {
    answer({ sha256: await hash(data) })
  } catch (error) {
    answer({ error: String(error) })
  }
})

async function hash(file: File): Promise<string> {
  const sum = sha256.create()
  const reader = file.stream().getReader()
  let bytes = 0
  for (let { done, value } = await reader.read(); !done && value; { done, value } = await reader.read()) {
    sum.update(value)
    bytes += value.length
    answer({ bytes })
  }
  return bytesToHex(sum.digest())
}
