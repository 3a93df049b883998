import { expect } from 'chai'
import { BackgroundSync } from '../../../app/storage/disk/background-sync.ts'

const MIB = 1024 * 1024

describe('BackgroundSync', () => {
  /** A file whose syncs end when the test says so. */
  function fakeFile() {
    const running: { resolve: () => void; reject: (error: Error) => void }[] = []
    const datasync = () =>
      new Promise<void>((resolve, reject) => {
        running.push({ resolve, reject })
      })
    return { running, sync: new BackgroundSync({ datasync }) }
  }

  it('count – 32 MiB written → one sync at a time, none for less', async () => {
    const { running, sync } = fakeFile()
    sync.count(31 * MIB)
    expect(running).to.have.length(0)
    await sync.idle()
    sync.count(MIB)
    sync.count(40 * MIB)
    expect(running).to.have.length(1)
    running[0]?.resolve()
    await sync.idle()
    sync.count(1)
    expect(running).to.have.length(2)
  })

  it('idle – a sync failed → its error, even after more writes; no other sync begins', async () => {
    const { running, sync } = fakeFile()
    sync.count(32 * MIB)
    const reason = new Error('EIO')
    running[0]?.reject(reason)
    for (let writes = 0; writes < 2; writes += 1) {
      expect(await sync.idle().catch((error) => error)).to.equal(reason)
      sync.count(64 * MIB)
    }
    expect(running).to.have.length(1)
  })
})
