import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, openAsBlob, statSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { call, formOf, kura, read, signIn, upload } from './kura.mjs'

kura.url = process.env.KURA
await signIn(process.env.LOGIN, process.env.PASSWORD)

// a Blob of a file is read in pieces, and again when the upload is repeated
const hash = createHash('sha256')
await pipeline(createReadStream('chair.glb'), hash)
const headers = { 'Content-Digest': `sha-256=:${hash.digest('base64')}:` }
const asset = await upload('PUT', '/api/files/chair.glb', { body: await openAsBlob('chair.glb'), headers })

const body = formOf({ name: 'Oak chair', tags: 'wood,oak' }, await openAsBlob('chair.obj'), 'chair.obj')
await upload('POST', '/api/assets', { body })
const { assets } = await read('/api/assets?scope=mine&q=oak+chairs')
console.log(assets[0].name)

// continues the download where an earlier one ended
const [{ url, sha256 }] = asset.files
const size = statSync('copy.glb', { throwIfNoEntry: false })?.size
const rest = size ? { Range: `bytes=${size}-`, 'If-Range': `"${sha256}"` } : {}
const answer = await call('GET', url, { headers: rest })
await pipeline(answer.body, createWriteStream('copy.glb', { flags: answer.status === 206 ? 'a' : 'w' }))

await call('POST', '/api/auth/logout')
await read(`/api/assets/${asset.id}`).catch(({ err }) => console.log(err.code))
