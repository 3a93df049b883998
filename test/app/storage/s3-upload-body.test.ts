import { expect } from 'chai'
import { UploadBody } from '../../../app/storage/s3/upload.ts'
import { eventually } from '../../support/eventually.ts'

describe('UploadBody', () => {
  /** Starts to send a part; `arrive` ends it. */
  function sendPart(body: UploadBody) {
    let arrive: () => void = () => undefined
    const sending = body.whileSending(() => new Promise<void>((resolve) => (arrive = resolve)))
    return { arrive: () => arrive(), sending }
  }

  it('UploadBody – bytes → counted', async () => {
    const body = new UploadBody()
    body.resume().write(Buffer.alloc(10))
    body.write(Buffer.alloc(5))
    await eventually(() => expect(body.passed).to.equal(15))
  })

  it('UploadBody – size property → none, because lib-storage would take it for the length', () => {
    expect(new UploadBody()).not.to.have.any.keys('size', 'length', 'byteLength', 'path')
  })

  it('UploadBody – two parts being sent → no more bytes passed', async () => {
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

  it('UploadBody – a part failed → continues, so that the upload ends', async () => {
    const body = new UploadBody()
    sendPart(body)
    const reason = new Error('refused')
    const failing = body.whileSending(() => Promise.reject(reason))
    body.write('a')
    expect(await failing.catch((error: unknown) => error)).to.equal(reason)
    expect(body.read()?.toString()).to.equal('a')
  })
})
