/** Bare servers that the service is compared with: `tsx bench/bare.ts <name> <folder>`. Each prints its URL. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import busboy from 'busboy'
import express from 'express'
import { connectDatabase } from '../app/lifecycle/database.ts'
import { startEmbeddedMongo } from '../embedded/mongo/start.ts'
import { Asset } from '../models/asset.ts'
import { visibleTo } from '../models/asset-access.ts'
import { searchAssets } from '../models/asset-search.ts'

const [, , name = '', folder = ''] = process.argv

/** Writes the file of a multipart body directly to the disk and hashes it, as the service does. Sends the SHA-256. */
const receive: RequestListener = async (req, res) => {
  const written: Promise<void>[] = []
  const hash = createHash('sha256')
  const parser = busboy({ headers: req.headers })
  parser.on('file', (_field, file) => {
    file.on('data', (chunk: Buffer) => hash.update(chunk))
    written.push(pipeline(file, createWriteStream(join(folder, 'bare'))))
  })
  await pipeline(req, parser)
  await Promise.all(written)
  res.end(hash.digest('hex'))
}

/** Sends a file from the disk. */
const send: RequestListener = async (_req, res) => {
  await pipeline(createReadStream(join(folder, 'file')), res)
}

/** Answers with the results of the service's own queries and does nothing else. */
async function read(): Promise<RequestListener> {
  await connectDatabase(String(process.env.MONGODB_URI))
  const app = express()
  app.get('/assets/:id', async (req, res) => {
    res.json(await Asset.findOne({ _id: req.params.id, ...visibleTo(null) }).lean())
  })
  app.get('/assets', async (_req, res) => {
    res.json(await searchAssets({ scope: 'all', tags: [] }, null, { sort: 'newest', limit: 20 }))
  })
  return app
}

if (name === 'database') {
  const { uri } = await startEmbeddedMongo({ dir: join(folder, 'mongo') })
  process.stdout.write(`listens on ${uri}\n`)
} else {
  const listener = name === 'read' ? await read() : name === 'receive' ? receive : send
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.stdout.write(`listens on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
}
