import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Client, register, send } from '../support/app/client.ts'
import { killAll, type ServiceProcess, startProcess } from '../support/app/process.ts'

const COUNT = 1000
/** Memory that the list of so many files can use, in MiB: in the answer, the documents and the keys. */
const LIST_MB = 80

interface Answer {
  asset: { id: string; fileCount: number; files: unknown[] }
}

describe('uploads of many files', function () {
  this.timeout(180_000)
  let folder: string
  let service: ServiceProcess
  let client: Client

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-many-'))
    service = await startProcess({ DATA_DIR: folder, REGISTRATIONS_PER_HOUR: '0', LOG_LEVEL: 'warn' })
    client = await register(service.origin)
  })
  afterEach(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  /** Returns the highest memory of the service so far, in MiB. */
  async function peak(): Promise<number> {
    const [, kilobytes] =
      /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${service.pid}/status`, 'utf8')) ?? []
    return Number(kilobytes) / 1024
  }

  const authorized = () => ({ headers: { Authorization: `Bearer ${client.token}` } })

  async function uploadMany(count: number, size: number): Promise<Answer['asset']> {
    const body = new FormData()
    const bytes = new Blob([Buffer.alloc(size, 'a')])
    for (let n = 0; n < count; n++) body.append('files', bytes, `part-${n}.bin`)
    const request = { method: 'POST', body, ...authorized() }
    return (await send<Answer>(`${service.origin}/api/assets`, request, 201)).asset
  }

  for (const size of [100, 250_000])
    it(`POST /api/assets – 1,000 files of ${size} bytes → no more memory than one file of as many bytes, and ${LIST_MB} MiB`, async () => {
      await uploadMany(1, COUNT * size)
      const one = await peak()
      const asset = await uploadMany(COUNT, size)
      const many = await peak()
      expect(asset).to.include({ fileCount: COUNT })
      expect(asset.files).to.have.length(COUNT)
      expect(many).to.be.below(one + LIST_MB)
    })
})
