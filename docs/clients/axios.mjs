import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, openAsBlob, statSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import axios from 'axios'
import { formOf, repeat } from './kura.mjs'

const { KURA: baseURL, LOGIN: login, PASSWORD: password } = process.env
// to follow redirects, axios would keep the whole upload in memory
const kura = axios.create({ baseURL, maxRedirects: 0 })
const session = await kura.post('/api/auth/login', { login, password })
kura.defaults.headers.common.Authorization = `Bearer ${session.data.res.token}`

async function upload(method, url, openBody, headers = {}) {
  const all = { ...headers, 'Idempotency-Key': crypto.randomUUID() }
  const retryAfter = ({ response }) => (response ? response.headers['retry-after'] : 1)
  const send = () => kura({ method, url, data: openBody(), headers: all })
  return (await repeat(send, retryAfter)).data.res.asset
}

const hash = createHash('sha256')
await pipeline(createReadStream('chair.glb'), hash)
const asset = await upload('PUT', '/api/files/chair.glb', () => createReadStream('chair.glb'), {
  'Content-Type': 'application/octet-stream',
  'Content-Digest': `sha-256=:${hash.digest('base64')}:`,
})

const form = formOf({ name: 'Oak chair', tags: 'wood,oak' }, await openAsBlob('chair.obj'), 'chair.obj')
await upload('POST', '/api/assets', () => form)
const found = await kura.get('/api/assets', { params: { scope: 'mine', q: 'oak chairs' } })
console.log(found.data.res.assets[0].name)

// continues the download where an earlier one ended
const [{ url, sha256 }] = asset.files
const size = statSync('copy.glb', { throwIfNoEntry: false })?.size
const rest = size ? { Range: `bytes=${size}-`, 'If-Range': `"${sha256}"` } : {}
const answer = await kura.get(url, { headers: rest, responseType: 'stream' })
await pipeline(answer.data, createWriteStream('copy.glb', { flags: answer.status === 206 ? 'a' : 'w' }))

await kura.post('/api/auth/logout')
await kura.get(`/api/assets/${asset.id}`).catch(({ response }) => console.log(response.data.err.code))
