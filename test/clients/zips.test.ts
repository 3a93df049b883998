import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { signUp } from '../support/app/users.ts'
import { runZipProgram, ZIP_PROGRAMS } from '../support/data/zip-programs.ts'
import { requireProgram, runProgram } from '../support/programs.ts'

const FILES = {
  'chair.bin': randomBytes(900_000),
  'стул 🪑.txt': Buffer.from('oak'),
  'empty.txt': Buffer.alloc(0),
  'Été – “quoted”.txt': randomBytes(70_000),
  '.hidden': Buffer.from('a'),
  '椅子.txt': Buffer.from('PK\x07\x08 PK\x03\x04 PK\x01\x02 PK\x05\x06'.repeat(50)),
}

/** Bytes of an answer after which the relay closes the connection. */
const CUT_AFTER = 250_000

/** Starts a TCP relay that closes each connection in the middle of a long answer. */
async function startCuttingRelay(
  target: string,
): Promise<{ origin: string; server: Server; cuts: () => number }> {
  let cuts = 0
  const server = createServer((client) => {
    const upstream = connect(Number(new URL(target).port), '127.0.0.1')
    let passed = 0
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end)
    client.pipe(upstream)
    upstream.on('data', (chunk: Buffer) => {
      passed += chunk.length
      if (passed <= CUT_AFTER) client.write(chunk)
      else {
        cuts += 1
        client.end(chunk.subarray(0, chunk.length - (passed - CUT_AFTER)))
        upstream.destroy()
      }
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, server, cuts: () => cuts }
}

describe('zips in other programs', function () {
  this.timeout(60_000)
  let app: TestApp
  let folder: string
  let path: string
  let zip: Buffer

  before(async () => {
    app = await startApp()
    folder = await mkdtemp(join(tmpdir(), 'kura-zips-'))
    const ada = await signUp(app, 'ada')
    const { id } = await uploadAsset(ada, { visibility: 'public', name: 'Chairs' }, FILES)
    path = `/api/assets/${id}/download`
    zip = Buffer.from(await (await fetch(app.origin + path)).arrayBuffer())
    await writeFile(join(folder, 'a.zip'), zip)
  })
  after(async () => {
    await app.stop()
    await rm(folder, { recursive: true, force: true })
  })

  for (const { name, needs, extract } of ZIP_PROGRAMS)
    it(`GET /api/assets/:id/download – ${name} → every file with its name and content`, async function () {
      requireProgram(this, needs)
      const own = join(folder, name)
      await mkdir(own)
      await runZipProgram(extract, join(folder, 'a.zip'), own)
      const names = await readdir(own)
      expect(names).to.have.members(Object.keys(FILES))
      for (const [one, content] of Object.entries(FILES))
        expect((await readFile(join(own, one))).equals(content), one).to.equal(true)
    })

  const RESUMING: [program: string, args: string[]][] = [
    ['curl', ['-sSf', '-C', '-', '-o', 'b.zip']],
    ['wget', ['-q', '-c', '-t', '1', '-O', 'b.zip']],
    ['aria2c', ['-q', '--no-conf', '-c', '-m', '1', '-o', 'b.zip']],
  ]
  for (const [program, args] of RESUMING)
    it(`GET /api/assets/:id/download – ${program} ${args.join(' ')}, connection closes → continued to the same zip`, async function () {
      requireProgram(this, program)
      const relay = await startCuttingRelay(app.origin)
      const cwd = await mkdtemp(join(folder, 'resumed-'))
      try {
        let attempts = 1
        for (; attempts <= 10; attempts++)
          if ((await runProgram(program, [...args, relay.origin + path], { cwd })).status === 0) break
        expect(attempts).to.be.within(2, 10)
        expect(relay.cuts()).to.be.at.least(3)
        expect((await readFile(join(cwd, 'b.zip'))).equals(zip)).to.equal(true)
      } finally {
        relay.server.close()
      }
    })
})
