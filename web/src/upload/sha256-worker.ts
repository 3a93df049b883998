import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

/** Answers a file with its SHA-256, without reading all of it into the memory. Works on pages without HTTPS too. */
addEventListener('message', async ({ data }: MessageEvent<File>) => {
  const hash = sha256.create()
  const reader = data.stream().getReader()
  for (let { done, value } = await reader.read(); !done && value; { done, value } = await reader.read())
    hash.update(value)
  postMessage(bytesToHex(hash.digest()))
})
