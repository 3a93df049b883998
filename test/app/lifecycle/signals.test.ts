import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { register } from '../../support/app/client.ts'
import { killAll, startProcess, waitForOutput } from '../../support/app/process.ts'
import { beginUpload, multipart } from '../../support/app/raw-upload.ts'

describe('signals', function () {
  this.timeout(120_000)
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-signals-'))
  })
  afterEach(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  for (const signal of ['SIGHUP', 'SIGQUIT'] as const)
    it(`signals – SIGUSR1, then ${signal} during an upload → no debugger, the upload is finished, exit code 0`, async () => {
      const service = await startProcess({ DATA_DIR: folder })
      const ada = await register(service.origin)
      service.signal('SIGUSR1')
      await waitForOutput(service, /signal ignored: no debugger is opened/)

      const body = multipart(randomBytes(100_000))
      const { sending, answer } = beginUpload(ada, { length: body.length })
      sending.write(body.subarray(0, 50_000))
      expect((await fetch(`${service.origin}/readyz`)).status).to.equal(200)
      service.signal(signal)
      await waitForOutput(service, new RegExp(`"signal":"${signal}".*stopping`))
      sending.end(body.subarray(50_000))
      expect((await answer).status).to.equal(201)
      expect(await service.ended).to.equal(0)
      expect(service.output()).to.not.match(/Debugger|"level":(50|60)/)
    })
})
