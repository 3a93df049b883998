import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import mongoose from 'mongoose'
import { connectDatabase, disconnectDatabase } from '../../app/lifecycle/database.ts'
import { Asset } from '../../models/asset.ts'
import { IdempotencyKey } from '../../models/idempotency-key.ts'
import { withDatabase } from '../embedded/engine.ts'
import { register } from '../support/app/client.ts'
import { databaseUri } from '../support/app/mongo.ts'
import { killAll, startProcess } from '../support/app/process.ts'

/** `KILL_ROUNDS=200` kills more often. */
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 6)
/** Longest time until a process is killed, in milliseconds. An upload takes about half of it. */
const KILL_MS = 80

interface Answer {
  status: number
  text: string
}

describe('Idempotency-Key over two processes', function () {
  this.timeout(240_000 + ROUNDS * 10_000)
  let folder: string
  let env: Record<string, string>
  let first: Awaited<ReturnType<typeof startProcess>>
  let second: typeof first
  let token: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-keys-'))
    const uri = withDatabase(await databaseUri(), `kura-keys-${randomBytes(6).toString('hex')}`)
    env = { DATA_DIR: folder, MONGODB_URI: uri, LOG_LEVEL: 'warn' }
    first = await startProcess(env)
    second = await startProcess(env)
    token = (await register(first.origin)).token
    await connectDatabase(uri)
  })
  after(async () => {
    await killAll()
    await mongoose.connection.dropDatabase()
    await disconnectDatabase()
    await rm(folder, { recursive: true, force: true })
  })

  async function send(origin: string, key: string, size = 1000): Promise<Answer> {
    const answer = await fetch(`${origin}/api/files/a.bin?name=${key}`, {
      method: 'PUT',
      headers: { Authorization: `Bearer ${token}`, 'Idempotency-Key': key },
      body: Buffer.alloc(size),
    })
    return { status: answer.status, text: await answer.text() }
  }

  const assetsNamed = async (name: string) =>
    (await Asset.find({ name, state: 'ready' }, { _id: 1 }).lean()).map(({ _id }) => String(_id))

  it('Idempotency-Key – 12 concurrent requests on two processes → one asset, each answer is the first one or 409', async () => {
    for (let n = 0; n < ROUNDS; n += 1) {
      const key = `concurrent-${n}`
      const origins = Array.from({ length: 12 }, (_, at) => (at % 2 ? first : second).origin)
      const answers = await Promise.all(origins.map((origin) => send(origin, key)))
      const created = answers.filter(({ status }) => status === 201)
      expect(new Set(created.map(({ text }) => text)).size, key).to.equal(1)
      expect(answers.every(({ status }) => status === 201 || status === 409)).to.equal(true)
      expect(await assetsNamed(key)).to.have.length(1)
      expect((await send(second.origin, key)).text).to.equal(created[0]?.text)
    }
  })

  it(`Idempotency-Key – kill -9 at any moment of the first request, ${ROUNDS} times → a repeat makes one asset in all`, async () => {
    for (let n = 0; n < ROUNDS; n += 1) {
      const key = `killed-${n}`
      const answered = send(first.origin, key, 300_000).catch(() => null)
      await delay((n * KILL_MS) / ROUNDS)
      first.signal('SIGKILL')
      await first.ended
      const before = await answered
      // as if the heartbeat was long ago
      await IdempotencyKey.updateMany({ answer: null }, { heartbeatAt: new Date(0) })
      const repeat = await send(second.origin, key, 300_000)
      expect(repeat.status, repeat.text).to.equal(201)
      if (before) expect(repeat.text).to.equal(before.text)
      const { res } = JSON.parse(repeat.text)
      expect(await assetsNamed(key)).to.deep.equal([res.asset.id])
      expect(await send(second.origin, key, 300_000)).to.deep.equal(repeat)
      first = await startProcess(env)
    }
  })
})
