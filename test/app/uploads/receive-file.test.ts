import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect } from 'chai'
import { hashesOf } from '../../../app/storage/digest.ts'
import { receiveFile } from '../../../app/uploads/receive-file.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { keysOf } from '../../support/app/state.ts'
import { png } from '../../support/data/samples.ts'
import { rejection } from '../../support/s3/object-stores.ts'

function* chunks(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

describe('receiveFile', () => {
  let app: TestApp
  let count = 0
  before(async () => {
    app = await startApp()
  })
  after(() => app.stop())

  /** Receives bytes in chunks. `reserve` is called for each chunk. */
  function receive(
    bytes: Buffer,
    announced?: number,
    reserve: (bytes: number) => Promise<void> = async () => {},
  ) {
    const key = `receive/${++count}`
    const session = { announced, addFile: async () => {}, addBytes: reserve, nextKey: () => key }
    const stream = Readable.from(chunks(bytes, 10_007), { objectMode: false })
    return receiveFile(app.store, session, { name: 'a.png', stream })
  }

  for (const length of [0, 1, 131_072, 600_000, 1_700_003])
    for (const [what, announced] of [
      ['announced', length + 1000],
      ['of unknown length', undefined],
    ] as const)
      it(`receiveFile – ${length} bytes ${what} → stored, reserved, hashed and detected`, async () => {
        const picture = await png()
        const bytes = Buffer.concat([picture, randomBytes(length)]).subarray(0, length)
        let reserved = 0
        const file = await receive(bytes, announced, async (taken) => {
          reserved += taken
        })
        expect(file).to.include({ name: 'a.png', size: length, ...hashesOf(bytes) })
        if (length > picture.length) expect(file).to.include({ mediaType: 'image/png', media: 'image' })
        expect(reserved).to.equal(length)
        expect((await buffer(await app.store.open(file.key))).equals(bytes)).to.equal(true)
      })

  for (const length of [20_000, 1_000_000])
    it(`receiveFile – ${length} bytes, no space for the second chunk → rejects, nothing is left`, async () => {
      const before = await keysOf(app)
      const reason = new Error('full')
      let taken = 0
      const reserve = async () => {
        if (++taken > 1) throw reason
      }
      expect(await rejection(receive(randomBytes(length), length, reserve))).to.equal(reason)
      expect(await keysOf(app)).to.deep.equal(before)
      expect(await app.store.abortUnfinished('receive/')).to.equal(0)
    })

  it('receiveFile – more bytes than announced → malformed_upload, nothing is left', async () => {
    const before = await keysOf(app)
    expect(await rejection(receive(randomBytes(20_000), 15_000))).to.include({ code: 'malformed_upload' })
    expect(await keysOf(app)).to.deep.equal(before)
  })
})
