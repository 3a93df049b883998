import { expect } from 'chai'
import type { Response } from 'supertest'
import { createApp } from '../../app/index.ts'
import { Asset } from '../../models/asset.ts'
import { Link } from '../../models/link.ts'
import { Project } from '../../models/project.ts'
import { storeWaitingTerms } from '../../models/term-writer.ts'
import {
  type AccessFixture,
  CALLERS,
  type CallerUsers,
  createAccessFixture,
  requestsBy,
  STATES,
  type State,
  signUpCallers,
} from '../support/app/access-fixture.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { mountedRoutes } from '../support/openapi/mounted-routes.ts'
import { mayRead, statusFor } from './access-matrix.expected.ts'
import { MATRIX, type Row } from './access-matrix.table.ts'

const CODES: Record<number, string> = {
  400: 'validation_failed',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  422: 'validation_failed',
  423: 'locked',
}
const REPRESENTATION = ['etag', 'last-modified', 'location', 'content-disposition', 'accept-ranges']

describe('access matrix', function () {
  this.timeout(60_000)
  let app: TestApp
  let users: CallerUsers
  let scenes: AccessFixture[]
  let untouched: unknown
  /** The answer for an asset that does not exist. */
  let missing: { err: { message: string } }

  const readDocuments = async () => {
    // removes the mark of an asset whose words wait
    await storeWaitingTerms()
    return {
      assets: await Asset.find({ _id: scenes.map(({ asset }) => asset._id) }, { downloads: 0 })
        .sort({ _id: 1 })
        .lean(),
      projects: await Project.find({ _id: scenes.map(({ projectId }) => projectId) })
        .sort({ _id: 1 })
        .lean(),
      links: await Link.countDocuments({ asset: scenes.map(({ asset }) => asset._id) }),
    }
  }

  before(async () => {
    app = await startApp()
    users = await signUpCallers(app)
    scenes = await Promise.all(STATES.map((state) => createAccessFixture(app, state)))
    untouched = await readDocuments()
    const { body } = await users.unrelated.get('/api/assets/64b000000000000000000000').expect(404)
    missing = { ...body, err: { ...body.err, requestId: '' } }
  })
  after(() => app.stop())

  it('access matrix – mounted routes → one row for each and no other', () => {
    const rows = MATRIX.map(({ route }) => route)
    expect(new Set(rows).size, 'rows twice').to.equal(rows.length)
    const mounted = mountedRoutes(createApp(app.context))
    expect(mounted.length).to.be.greaterThan(40)
    expect(
      mounted.filter((route) => !rows.includes(route)),
      'mounted, without a row in access-matrix.table.ts',
    ).to.deep.equal([])
    expect(rows.filter((route) => !mounted.includes(route))).to.deep.equal([])
  })

  for (const row of MATRIX)
    it(`${row.route} – each caller → as in the table`, async () => {
      await Promise.all((row.states ?? STATES).map((state) => tryRow(row, state)))
    })

  it('every route – refused caller → documents and objects unchanged', async () => {
    expect(await readDocuments()).to.deep.equal(untouched)
  })

  async function tryRow(row: Row, state: State): Promise<void> {
    for (const caller of CALLERS) {
      const status = statusFor(row.expected, caller, state)
      const shared = scenes.find((scene) => scene.state === state)
      const scene = !shared || (row.changes && status < 300) ? await createAccessFixture(app, state) : shared
      const answer = await row.send(requestsBy(app, users, caller, scene), scene, caller)
      const what = `${caller}, ${state}`
      expect(answer.status, `${what}: ${answer.text}`).to.equal(status)
      if (status >= 400 && row.bare) assertBare(answer, scene, what)
      else if (status >= 400) assertEmpty(answer, scene, what)
      else if (row.lists) assertListed(answer, mayRead(caller, state) ? 1 : 0, scene, what)
    }
  }

  /** Asserts that an error has the envelope only, and that 404 is the same as for an asset that does not exist. */
  function assertEmpty(
    { body, headers, status, text }: Response,
    { secrets }: AccessFixture,
    what: string,
  ): void {
    expect(body, what).to.have.all.keys('status', 'err')
    expect(body.err, what).to.include({ code: CODES[status] })
    const keys = ['code', 'message', 'requestId', ...([400, 423].includes(status) ? ['details'] : [])]
    expect(body.err, what).to.have.all.keys(keys)
    if (status === 404) expect({ ...body, err: { ...body.err, requestId: '' } }, what).to.deep.equal(missing)
    expect(headers, what).to.not.have.any.keys(REPRESENTATION)
    for (const secret of secrets) expect(text, what).not.to.contain(secret)
  }

  /** Asserts the same of an error without an envelope. */
  function assertBare(
    { body, headers, status, text }: Response,
    { secrets }: AccessFixture,
    what: string,
  ): void {
    expect(body, what).to.have.all.keys('name', 'message')
    expect(body.name, what).to.equal(CODES[status])
    if (status === 404) expect(body.message, what).to.equal(missing.err.message)
    expect(headers, what).to.not.have.any.keys(REPRESENTATION)
    for (const secret of secrets) expect(text, what).not.to.contain(secret)
  }

  function assertListed(
    { body, text }: Response,
    count: number,
    { asset }: AccessFixture,
    what: string,
  ): void {
    expect(body.res.total, what).to.equal(count)
    expect(body.res.assets, what).to.have.length(count)
    expect(text.includes(asset.name), what).to.equal(count === 1)
    const { license, owner, ...others } = body.res.facets as Record<string, unknown[]>
    expect(license, what).to.deep.equal([])
    // only callers who can see the account are told its name
    expect(owner?.length, what).to.be.at.most(count)
    for (const facet of Object.values(others)) expect(facet.length, what).to.equal(count)
  }
})
