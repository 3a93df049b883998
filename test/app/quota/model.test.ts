import { randomInt } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { describeFinding } from '../../../app/maintenance/finding.ts'
import { checkStorage } from '../../../app/maintenance/integrity-check.ts'
import { Capacity, SERVER } from '../../../models/capacity.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { keysOf, storedBytes } from '../../support/app/state.ts'
import { signUp, signUpAdmin, type TestUser } from '../../support/app/users.ts'
import { png } from '../../support/data/samples.ts'
import { expectSums, operations, type Real } from '../../support/model/operations.ts'
import { Model } from '../../support/model/state.ts'

/** Set MODEL_SEED to the number in the test title to repeat a failed run. */
const seed = Number(process.env.MODEL_SEED ?? randomInt(2 ** 31))
const TIME_MS = 8_000
/** Longest time for shrinking a failure, in milliseconds. */
const SHRINK_MS = 90_000
const USER_LIMIT = 500_000
const SERVER_LIMIT = 900_000

describe('service against a model', function () {
  this.timeout(120_000)
  let app: TestApp
  let admin: TestUser
  let picture: Buffer
  let pictureBytes: number
  let round = 0
  let deadline = 0
  const hasTime = () => Date.now() < deadline

  before(async () => {
    app = await startApp()
    admin = await signUpAdmin(app, 'admin')
    picture = await png({ width: 24, height: 16 })
    pictureBytes = await measurePicture()
  })
  after(() => app.stop())

  async function measurePicture(): Promise<number> {
    const ada = await signUp(app, 'ada')
    const { id } = await uploadAsset(ada, {}, { 'a.bin': Buffer.alloc(10) })
    await ada.post(`/api/assets/${id}/images`).attach('images', picture, 'a.png').expect(201)
    const measured = (await storedBytes(app)) - 10
    await admin.delete(`/api/users/${ada.user._id}`).expect(204)
    return measured
  }

  const upload: Real['upload'] = async ({ token }, method, path, parts, chunked) => {
    const form = new FormData()
    for (const { field, content } of parts)
      if (typeof content === 'string') form.append(field, content)
      else form.append(field, new Blob([new Uint8Array(content)]), field === 'images' ? 'a.png' : 'a.bin')
    const { body, headers } = new Response(form)
    const bytes = new Uint8Array(await new Response(body).arrayBuffer())
    const answer = await fetch(`${app.origin}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': String(headers.get('Content-Type')) },
      body: chunked ? new Blob([bytes]).stream() : bytes,
      ...(chunked && { duplex: 'half' }),
    })
    return { status: answer.status, body: await answer.json() }
  }

  /** Creates a model and users of the service, both without assets. */
  async function setUp(): Promise<{ model: Model; real: Real }> {
    round++
    const users = []
    for (const name of ['ada', 'bob', 'cyd']) users.push(await signUp(app, `${name}${round}`))
    for (const { user } of users) await User.updateOne({ _id: user._id }, { 'space.limit': USER_LIMIT })
    await Capacity.setLimit(SERVER_LIMIT)
    const model = new Model(
      users.map(() => USER_LIMIT),
      SERVER_LIMIT,
      pictureBytes,
    )
    return { model, real: { users, admin, picture, upload, hasTime, ran: 0 } }
  }

  /** Compares the store with the model, and runs the integrity check. */
  async function compare(model: Model, real: Real): Promise<void> {
    for (const at of real.users.keys()) await expectSums(model, real, at)
    expect(await storedBytes(app)).to.equal(model.used())
    for await (const { finding } of checkStorage(app.context, { fix: false, graceMs: 0 }))
      expect.fail(describeFinding(finding))
  }

  /** Deletes the users. Expects an empty store. */
  async function tearDown({ users }: Real): Promise<void> {
    for (const { user } of users) await admin.delete(`/api/users/${user._id}`).expect(204)
    expect(await keysOf(app)).to.deep.equal([])
    expect(await Capacity.spaceOf(SERVER)).to.deep.include({ used: 0, reserved: 0, files: 0 })
  }

  it(`random requests – MODEL_SEED=${seed} → the answers of the model`, async () => {
    deadline = Date.now() + TIME_MS
    let ran = 0
    const sequences = fc.commands(operations, { maxCommands: 60, size: 'max' })
    const property = fc.asyncProperty(sequences, async (sequence) => {
      if (!hasTime()) return
      const { model, real } = await setUp()
      try {
        await fc.asyncModelRun(() => ({ model, real }), sequence)
        await compare(model, real)
      } catch (error) {
        deadline = Number.POSITIVE_INFINITY
        throw error
      } finally {
        ran += real.ran
        await tearDown(real)
      }
    })
    await fc.assert(property, { seed, numRuns: 40, unbiased: true, interruptAfterTimeLimit: SHRINK_MS })
    expect(ran).to.be.greaterThan(20)
  })
})
