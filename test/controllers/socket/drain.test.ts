import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { register } from '../../support/app/client.ts'
import { killAll, startProcess } from '../../support/app/process.ts'
import { closeSockets, SocketClient } from '../../support/app/socket.ts'

describe('WebSocket drain', function () {
  this.timeout(60_000)
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-drain-'))
  })
  after(async () => {
    await closeSockets()
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  it('drain – idle connection → 1001 at once; upload running → 1001 at its end', async () => {
    const service = await startProcess({ DATA_DIR: folder })
    const { token } = await register(service.origin)
    const idle = await SocketClient.signedIn(service.origin, token, { subscribe: true })
    const busy = await SocketClient.signedIn(service.origin, token)
    const id = busy.begin('upload', { name: 'a.bin', size: 20 })
    await busy.find(({ event }) => event === 'upload.ready')
    busy.send(Buffer.alloc(10))

    service.signal('SIGTERM')
    expect((await idle.closed).code).to.equal(1001)
    expect((await busy.ask('space')).err?.code).to.equal('unavailable')
    busy.send(Buffer.alloc(10))
    expect((await busy.answerTo(id)).res?.asset?.size).to.equal(20)
    expect((await busy.closed).code).to.equal(1001)
    expect(await service.ended).to.equal(0)
    expect(service.output())
      .to.not.match(/did not end in time|Warning/)
      .and.not.contain(token)
  })
})
