import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { register, send } from '../support/app/client.ts'
import { killAll, startProcess } from '../support/app/process.ts'
import { uploadRaw, withLength } from '../support/app/raw-upload.ts'
import { eventually } from '../support/eventually.ts'

const UPLOADS = 60
const CONNECTIONS = 150

describe('file descriptors', function () {
  this.timeout(120_000)
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-descriptors-'))
  })
  after(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  it('file descriptors – ulimit -n 64, many uploads and connections → 503 or closed, nothing acknowledged is lost, works again', async () => {
    const service = await startProcess({ DATA_DIR: folder }, undefined, 'ulimit -n 64')
    const ada = await register(service.origin)
    const headers = { Authorization: `Bearer ${ada.token}` }
    const upload = async () => {
      const bytes = randomBytes(20_000)
      const { status, res } = await uploadRaw(ada, bytes, withLength(bytes))
      const [file] = (res?.asset as { files: { url: string }[] } | undefined)?.files ?? []
      return { status, bytes, url: file?.url ?? '' }
    }
    const closed = () => ({ status: 0, bytes: Buffer.alloc(0), url: '' })
    const outcomes = await Promise.all(Array.from({ length: UPLOADS }, () => upload().catch(closed)))
    for (const { status } of outcomes) expect(status).to.be.oneOf([0, 201, 503])

    const { hostname, port } = new URL(service.origin)
    const sockets = Array.from({ length: CONNECTIONS }, () =>
      connect(Number(port), hostname).on('error', () => undefined),
    )
    await Promise.all(sockets.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])))
    await eventually(() => expect(sockets.filter((socket) => socket.destroyed)).to.not.deep.equal([]))
    for (const socket of sockets) socket.destroy()

    const kept = outcomes.filter(({ status }) => status === 201)
    await eventually(async () => {
      const again = await upload()
      expect(again.status).to.equal(201)
      kept.push(again)
    }, 30_000)
    for (const { bytes, url } of kept) {
      const answer = await fetch(new URL(url, service.origin), { headers })
      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).to.equal(true)
    }
    await eventually(async () => {
      // a failed upload whose file could not be removed stays reserved until the sweep
      const space = await send<object>(`${service.origin}/api/space`, { headers }, 200)
      expect(space).to.include({ files: kept.length, used: kept.length * 20_000 })
    }, 30_000)
    service.signal('SIGTERM')
    expect(await service.ended).to.equal(0)
  })
})
