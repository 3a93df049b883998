import { expect } from 'chai'
import { UploadBody } from '../../../app/storage/s3-body.ts'
import { eventually } from '../../support/eventually.ts'

describe('UploadBody', () => {
  /** A part on its way to the bucket, until it is told that it has arrived. */
  function sendPart(body: UploadBody) {
    let arrive: () => void = () => undefined
    const sending = body.whileSending(() => new Promise<void>((resolve) => (arrive = resolve)))
    return { arrive: () => arrive(), sending }
  }

  it('counts what passes', async () => {
    const body = new UploadBody()
    body.resume().write(Buffer.alloc(10))
    body.write(Buffer.alloc(5))
    await eventually(() => expect(body.passed).to.equal(15))
  })

  it('has no size, which lib-storage would take for the length of the whole', () => {
    expect(new UploadBody()).not.to.have.any.keys('size', 'length', 'byteLength', 'path')
  })

  it('holds bytes back while two parts are being sent', async () => {
    const body = new UploadBody()
    const first = sendPart(body)
    body.write('a')
    expect(body.read()?.toString()).to.equal('a')
    const second = sendPart(body)
    body.write('b')
    expect(body.read()).to.equal(null)
    first.arrive()
    await first.sending
    expect(body.read()?.toString()).to.equal('b')
    second.arrive()
  })

  it('goes on after a part that failed, for the upload to end', async () => {
    const body = new UploadBody()
    sendPart(body)
    const reason = new Error('refused')
    const failing = body.whileSending(() => Promise.reject(reason))
    body.write('a')
    expect(await failing.catch((error: unknown) => error)).to.equal(reason)
    expect(body.read()?.toString()).to.equal('a')
  })
})
