import { expect } from 'chai'
import { BinaryReceiver } from '../../../controllers/socket/binary-receiver.ts'
import { LIMITS } from '../../../controllers/socket/limits.ts'

const MiB = 1024 * 1024

describe('BinaryReceiver', () => {
  let calls: string[]
  const createReceiver = () => {
    calls = []
    const record = (name: string) => () => calls.push(name)
    return new BinaryReceiver({
      limits: LIMITS,
      pause: record('pause'),
      resume: record('resume'),
      onUnexpectedBytes: record('onUnexpectedBytes'),
      onOverflow: record('onOverflow'),
    })
  }

  it('BinaryReceiver – nothing reads the bytes → paused, then an overflow after 4 MiB', async () => {
    const receiver = createReceiver()
    const body = receiver.begin()
    const failure = new Promise<Error>((resolve) => body.once('error', resolve))
    body.accept(100 * MiB)
    for (let n = 0; n < 4; n++) receiver.receive(Buffer.alloc(MiB))
    expect(new Set(calls)).to.deep.equal(new Set(['pause']))
    receiver.receive(Buffer.alloc(1))
    expect(calls.at(-1)).to.equal('onOverflow')
    expect((await failure).message).to.equal('too many bytes wait to be stored')
  })

  it('BinaryReceiver – waiting bytes are read → resumed', async () => {
    const receiver = createReceiver()
    const body = receiver.begin()
    body.accept(3 * MiB)
    receiver.receive(Buffer.alloc(2 * MiB))
    expect(calls).to.deep.equal(['pause'])
    let read = 0
    const ended = new Promise((resolve) => body.once('end', resolve))
    body.on('data', (chunk: Buffer) => {
      read += chunk.length
    })
    await new Promise(setImmediate)
    expect(calls).to.deep.equal(['pause', 'resume'])
    receiver.receive(Buffer.alloc(MiB))
    await ended
    expect(read).to.equal(3 * MiB)
    receiver.end(body)
  })

  it('BinaryReceiver – bytes without an upload → reported once until the next upload', () => {
    const receiver = createReceiver()
    receiver.receive(Buffer.alloc(1))
    receiver.receive(Buffer.alloc(1))
    const body = receiver.begin()
    expect(() => receiver.begin()).to.throw(
      'This connection already has a running upload. Wait until it ends.',
    )
    receiver.end(body)
    receiver.receive(Buffer.alloc(1))
    expect(calls).to.deep.equal(['onUnexpectedBytes', 'onUnexpectedBytes'])
  })
})
