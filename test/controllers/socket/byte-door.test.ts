import { expect } from 'chai'
import { ByteDoor } from '../../../controllers/socket/binary-receiver.ts'
import { LIMITS } from '../../../controllers/socket/limits.ts'

const MiB = 1024 * 1024

describe('ByteDoor', () => {
  let said: string[]
  const open = () => {
    said = []
    const say = (what: string) => () => said.push(what)
    return new ByteDoor({
      limits: LIMITS,
      hold: say('hold'),
      release: say('release'),
      refused: say('refused'),
      flooded: say('flooded'),
    })
  }

  it('ByteDoor – bytes that no upload reads → socket paused, given up after 4 MiB', async () => {
    const door = open()
    const inflow = door.claim()
    const failure = new Promise<Error>((resolve) => inflow.once('error', resolve))
    inflow.accept(100 * MiB)
    for (let n = 0; n < 4; n++) door.take(Buffer.alloc(MiB))
    expect(new Set(said)).to.deep.equal(new Set(['hold']))
    door.take(Buffer.alloc(1))
    expect(said.at(-1)).to.equal('flooded')
    expect((await failure).message).to.equal('more bytes came than may wait')
  })

  it('ByteDoor – some bytes are read → socket resumed', async () => {
    const door = open()
    const inflow = door.claim()
    inflow.accept(3 * MiB)
    door.take(Buffer.alloc(2 * MiB))
    expect(said).to.deep.equal(['hold'])
    let taken = 0
    const ended = new Promise((resolve) => inflow.once('end', resolve))
    inflow.on('data', (chunk: Buffer) => {
      taken += chunk.length
    })
    await new Promise(setImmediate)
    expect(said).to.deep.equal(['hold', 'release'])
    door.take(Buffer.alloc(MiB))
    await ended
    expect(taken).to.equal(3 * MiB)
    door.leave(inflow)
  })

  it('ByteDoor – bytes without an upload → refused once for each upload asked for', () => {
    const door = open()
    door.take(Buffer.alloc(1))
    door.take(Buffer.alloc(1))
    const inflow = door.claim()
    expect(() => door.claim()).to.throw('An upload runs on this socket already.')
    door.leave(inflow)
    door.take(Buffer.alloc(1))
    expect(said).to.deep.equal(['refused', 'refused'])
  })
})
