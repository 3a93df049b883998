import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect } from 'chai'
import { withIdleTimeout } from '../../../app/storage/s3/objects.ts'
import { eventually } from '../../support/eventually.ts'
import { rejection } from '../../support/s3/object-stores.ts'

const IDLE_MS = 20

describe('withIdleTimeout', () => {
  it('withIdleTimeout – source sends nothing while the reader waits → unavailable', async () => {
    const source = new PassThrough()
    source.write('first bytes')
    const error = await rejection(buffer(withIdleTimeout(source, IDLE_MS)))
    expect(error).to.include({ status: 503, code: 'unavailable' })
    expect(error.cause).to.have.property('message', 'The bucket sent nothing for 20 ms.')
    expect(source.destroyed).to.equal(true)
  })

  it('withIdleTimeout – reader pauses → no timeout', async () => {
    const bytes = Buffer.alloc(1024 * 1024, 7)
    const source = new PassThrough()
    source.end(bytes)
    const passed = withIdleTimeout(source, IDLE_MS)
    await once(passed, 'readable')
    // waits for several timeouts without a read
    await new Promise((resolve) => setTimeout(resolve, 5 * IDLE_MS))
    expect((await buffer(passed)).equals(bytes)).to.equal(true)
  })

  it('withIdleTimeout – connection breaks → unavailable', async () => {
    const source = new PassThrough()
    const reading = rejection(buffer(withIdleTimeout(source, 1000)))
    const reason = Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
    source.destroy(reason)
    expect(await reading).to.include({ code: 'unavailable', cause: reason })
  })

  it('withIdleTimeout – stream closed → source closed', async () => {
    const source = new PassThrough()
    const passed = withIdleTimeout(source, 1000)
    passed.destroy()
    await eventually(() => expect(source.destroyed).to.equal(true))
  })
})
