import { expect } from 'chai'
import type { Test } from 'supertest'
import { startApp, type TestApp } from '../support/app.ts'
import { type DocumentedRoute, documentedRoutes, openApi } from '../support/openapi-document.ts'
import { obj, png } from '../support/samples.ts'
import { stateOf } from '../support/state.ts'
import { signUp, type TestUser } from '../support/users.ts'

type Params = Record<string, string>

interface Refusal {
  name: string
  status: number
  /** Whether it can be asked of a route that documents the status. */
  applies(route: DocumentedRoute): boolean
  ask(route: DocumentedRoute): Test
}

const ID = '0'.repeat(24)
const NOTHING: Params = {
  assetId: ID,
  fileId: 'none',
  imageId: 'none',
  linkId: ID,
  sessionId: ID,
  token: 'none',
  username: 'bob',
}
const DAY = 86_400_000

const securityOf = ({ operation }: DocumentedRoute) => operation.security ?? openApi.security
const takes = (type: string) => (route: DocumentedRoute) =>
  type in (route.operation.requestBody?.content ?? {})
const takesJson = takes('application/json')
const takesUpload = takes('multipart/form-data')
const takesHeader = (header: string) => (route: DocumentedRoute) =>
  route.parameters.some(({ name }) => name === header)

/** The document's own words, tried on every route that says them. */
describe('refusals that docs/openapi.yaml documents', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser
  let picture: Buffer
  let known: Params = {}
  let locked: Params = {}
  let ended: Params = {}

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob')
    picture = await png()
    known = await createAsset()
    locked = await createAsset()
    const until = new Date(Date.now() + DAY)
    await ada.put(`/api/assets/${locked.assetId}/lock`).send({ mode: 'governance', until }).expect(200)
    ended = { ...known, ...(await createLink(String(known.assetId))) }
    await ada.delete(`/api/assets/${ended.assetId}/links/${ended.linkId}`).expect(204)
  })
  after(() => app.stop())

  async function createAsset(): Promise<Params> {
    const { body } = await ada
      .post('/api/assets')
      .field('visibility', 'public')
      .attach('files', obj(), 'chair.obj')
      .attach('images', picture, 'chair.png')
      .expect(201)
    const { id: assetId, files, images } = body.res.asset
    const link = await createLink(assetId)
    return { ...NOTHING, assetId, fileId: files[0].id, imageId: images[0].id, ...link }
  }

  async function createLink(assetId: string): Promise<Params> {
    const { body } = await ada.post(`/api/assets/${assetId}/links`).send({}).expect(201)
    return { linkId: body.res.link.id, token: body.res.link.token }
  }

  function ask(
    { method, path }: DocumentedRoute,
    params: Params = known,
    token: string | null = ada.token,
  ): Test {
    const url = path.replace(/\{(\w+)\}/g, (_all, name: string) => String(params[name]))
    const verb = method.toLowerCase() as 'get' | 'put' | 'post' | 'delete' | 'patch'
    const request = app.api[verb](url)
    return token === null ? request : request.set('Authorization', `Bearer ${token}`)
  }

  /** With a file or an image where the route takes one. */
  function withUpload(route: DocumentedRoute, request: Test): Test {
    if (!takesUpload(route)) return request
    return route.path.endsWith('/images')
      ? request.attach('images', picture, 'a.png')
      : request.attach('files', obj(), 'a.obj')
  }

  const REFUSALS: Refusal[] = [
    {
      name: 'a bad token',
      status: 401,
      applies: (route) => securityOf(route).length > 0,
      ask: (route) => ask(route, known, 'bad'),
    },
    {
      name: 'no token where one is needed',
      status: 401,
      applies: (route) => securityOf(route).length > 0 && securityOf(route).every((way) => 'bearer' in way),
      ask: (route) => ask(route, known, null),
    },
    {
      name: 'an unknown query parameter',
      status: 400,
      applies: () => true,
      ask: (route) => withUpload(route, ask(route).query({ unknown: '1' })),
    },
    {
      name: 'JSON that is none',
      status: 400,
      applies: takesJson,
      ask: (route) => ask(route).type('json').send('{'),
    },
    {
      name: 'what does not exist',
      status: 404,
      applies: ({ path }) => path.includes('{'),
      ask: (route) => ask(route, NOTHING),
    },
    {
      name: 'who may only read',
      status: 403,
      applies: ({ path }) => path.includes('{assetId}'),
      ask: (route) => ask(route, known, bob.token),
    },
    {
      name: 'a version that is gone',
      status: 412,
      applies: takesHeader('If-Match'),
      ask: (route) => ask(route).set('If-Match', '"99-x"'),
    },
    {
      name: 'a range behind the end',
      status: 416,
      applies: takesHeader('Range'),
      ask: (route) => ask(route).set('Range', 'bytes=999999-'),
    },
    {
      name: 'a link that has ended',
      status: 410,
      applies: ({ path }) => path.includes('{token}'),
      ask: (route) => ask(route, ended),
    },
    {
      name: 'a locked asset',
      status: 423,
      applies: () => true,
      ask: (route) => {
        const request = withUpload(route, ask(route, locked))
        const change = { mode: 'governance', until: new Date(Date.now() + DAY / 2) }
        return takesJson(route)
          ? request.send(route.path.endsWith('/lock') ? change : { name: 'x' })
          : request
      },
    },
    {
      name: 'a JSON body over 100 kB',
      status: 413,
      applies: takesJson,
      ask: (route) => ask(route).send({ name: 'x'.repeat(100 * 1024) }),
    },
    {
      name: 'a body of another type',
      status: 415,
      applies: ({ operation }) => operation.requestBody !== undefined,
      ask: (route) => ask(route).type('text/plain').send('x'),
    },
  ]

  for (const { name, status, applies, ask: send } of REFUSALS) {
    const routes = documentedRoutes.filter((route) => status in route.operation.responses && applies(route))
    it(`${status} for ${name}, on ${routes.length} routes; nothing is changed`, async () => {
      expect(routes).not.to.have.length(0)
      const before = await stateOf(app)
      for (const route of routes) {
        const res = await send(route)
        expect(res.status, `${route.method} ${route.path} ${res.text}`).to.equal(status)
      }
      expect(await stateOf(app)).to.deep.equal(before)
    })
  }

  it('405 for a method that a path does not take, with those it takes', async () => {
    for (const path of Object.keys(openApi.paths)) {
      const routes = documentedRoutes.filter((route) => route.path === path)
      const taken = routes.map(({ method }) => method)
      const other = ['PUT', 'PATCH', 'POST'].find((method) => !taken.includes(method)) ?? 'DELETE'
      const [route] = routes
      if (!route) throw new Error(`${path} has no routes`)
      const res = await ask({ ...route, method: other })
      expect(res.status, `${other} ${path} ${res.text}`).to.equal(405)
      expect(res.body.err.code).to.equal('method_not_allowed')
      expect(res.headers.allow?.split(', '), path).to.include.members(taken)
    }
  })
})
