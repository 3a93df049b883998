import { expect } from 'chai'
import { isId } from '../../models/ids.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'

describe('ids in paths', () => {
  let app: TestApp
  let ada: TestUser
  let root: TestUser
  let paths: Record<
    string,
    { by: TestUser; method: 'get' | 'delete'; of: (id: string) => string; id: string }
  >
  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    root = await signUpAdmin(app, 'root')
    const { id: asset } = await uploadAsset(ada)
    const project = await ada.post('/api/projects').send({ title: 'Room' }).expect(201)
    const link = await ada.post(`/api/assets/${asset}/links`).send({}).expect(201)
    const session = await ada.get('/api/auth/session')
    paths = {
      asset: { by: ada, method: 'get', of: (id) => `/api/assets/${id}`, id: asset },
      'asset for an admin': { by: root, method: 'get', of: (id) => `/api/admin/assets/${id}`, id: asset },
      project: { by: ada, method: 'get', of: (id) => `/api/projects/${id}`, id: project.body.res.project.id },
      user: { by: ada, method: 'get', of: (id) => `/api/users/${id}`, id: ada.user.id },
      link: {
        by: ada,
        method: 'delete',
        of: (id) => `/api/assets/${asset}/links/${id}`,
        id: link.body.res.link.id,
      },
      session: {
        by: ada,
        method: 'delete',
        of: (id) => `/api/auth/sessions/${id}`,
        id: session.body.res.session.id,
      },
    }
  })
  after(() => app.stop())

  const WRONG: [name: string, make: (id: string) => string][] = [
    ['12 characters', () => 'twelve-chars'],
    ['23 digits', (id) => id.slice(1)],
    ['25 digits', (id) => `${id}0`],
    ['capital digits', (id) => id.toUpperCase()],
    ['a line break behind it', (id) => `${id}%0A`],
  ]
  for (const what of ['asset', 'asset for an admin', 'project', 'user', 'link', 'session'])
    for (const [wrong, make] of WRONG)
      it(`id of ${/^a/.test(what) ? 'an' : 'a'} ${what} – ${wrong} → 404 not_found`, async () => {
        const { by, method, of, id } = paths[what] as (typeof paths)[string]
        const { body } = await by[method](of(make(id))).expect(404)
        expect(body.err.code).to.equal('not_found')
      })

  it('isId – each kind of value → true for 24 lower-case hexadecimal digits only', () => {
    const id = '64b0000000000000000000af'
    const values = [id, id.toUpperCase(), id.slice(1), `${id}\n`, 'twelve-chars', 12, null, undefined, [id]]
    expect(values.map(isId)).to.deep.equal([true, ...values.slice(1).map(() => false)])
  })
})
