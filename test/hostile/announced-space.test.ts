import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Client, register } from '../support/app/client.ts'
import { killAll, type ServiceProcess, startProcess } from '../support/app/process.ts'
import { beginUpload, multipart, uploadRaw, withLength } from '../support/app/raw-upload.ts'
import { eventually } from '../support/eventually.ts'

const GB = 1e9
const MB = 1e6

describe('uploads that announce more than they send', function () {
  this.timeout(120_000)
  let folder: string
  let service: ServiceProcess
  const clients: Client[] = []

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-announced-'))
    const limits = { SERVER_SPACE_BYTES: String(4 * GB), MAX_FILE_BYTES: String(3 * GB) }
    service = await startProcess({ DATA_DIR: folder, REGISTRATIONS_PER_HOUR: '0', ...limits })
    for (let n = 0; n < 11; n++) clients.push(await register(service.origin))
  })
  after(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  const reserved = async ({ origin, token }: Client): Promise<number> => {
    const answer = await fetch(`${origin}/api/space`, { headers: { Authorization: `Bearer ${token}` } })
    return ((await answer.json()) as { res: { reserved: number } }).res.reserved
  }

  it('POST /api/assets – 50 idle uploads announce 3 GB each → another user stores 100 MB', async () => {
    const [other, ...greedy] = clients as [Client, ...Client[]]
    const head = multipart(Buffer.alloc(0)).subarray(0, 120)
    const idle = greedy.flatMap((client) =>
      Array.from({ length: 5 }, () => beginUpload(client, { length: 3 * GB })),
    )
    for (const { sending } of idle) sending.write(head)
    for (const client of greedy)
      await eventually(async () => expect(await reserved(client)).to.equal(15 * GB), 30_000)
    const bytes = Buffer.alloc(100 * MB, 'a')
    await eventually(async () => {
      const { status, code } = await uploadRaw(other, bytes, withLength(bytes))
      expect(`${status} ${code}`).to.equal('201 undefined')
    }, 30_000)
    for (const { sending } of idle) sending.destroy()
    for (const client of greedy)
      await eventually(async () => expect(await reserved(client)).to.equal(0), 30_000)
  })

  it('POST /api/assets – announced length over the capacity → 507 before the body', async () => {
    const { sending, answer } = beginUpload(clients[0] as Client, { length: 4.2 * GB })
    sending.flushHeaders()
    expect(await answer).to.include({ status: 507, code: 'server_full' })
    sending.destroy()
    expect(await reserved(clients[0] as Client)).to.equal(0)
  })

  it('POST /api/assets – 201 open uploads of one user → 429 for the last; after the others end, 201', async () => {
    const client = clients[2] as Client
    const length = multipart(Buffer.from('x')).length
    const open = Array.from({ length: 200 }, () => beginUpload(client, { length }))
    for (const { sending } of open) sending.flushHeaders()
    await eventually(async () => expect(await reserved(client)).to.equal(200 * length), 60_000)
    const { status, code } = await uploadRaw(client, Buffer.from('x'), withLength(Buffer.from('x')))
    expect(`${status} ${code}`).to.equal('429 too_many_requests')
    for (const { sending } of open) sending.destroy()
    await eventually(async () => {
      expect((await uploadRaw(client, Buffer.from('x'), withLength(Buffer.from('x')))).status).to.equal(201)
    }, 30_000)
  })
})
