import { expect } from 'chai'
import type { Test } from 'supertest'
import { startApp, type TestApp } from '../support/app/app.ts'
import { stateOf } from '../support/app/state.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { type DocumentedRoute, documentedRoutes, openApi } from '../support/openapi/document.ts'
import {
  createOpenApiFixture,
  isForAdmins,
  type OpenApiFixture,
  type Params,
  takesJson,
  UNKNOWN_IDS,
} from '../support/openapi/fixture.ts'

interface Refusal {
  name: string
  status: number
  /** Whether it can be asked of a route that documents the status. */
  applies(route: DocumentedRoute): boolean
  ask(route: DocumentedRoute): Test
}

const DAY = 86_400_000

const securityOf = ({ operation }: DocumentedRoute) => operation.security ?? openApi.security
const takesToken = (route: DocumentedRoute) => securityOf(route).some((way) => 'bearer' in way)
const needsToken = (route: DocumentedRoute) =>
  takesToken(route) && securityOf(route).every((way) => 'bearer' in way)
const takesHeader = (header: string) => (route: DocumentedRoute) =>
  route.parameters.some(({ name }) => name === header)

/** Returns a body that changes the name of an asset. */
const changeOf = ({ path }: DocumentedRoute) =>
  path.startsWith('/uploads/')
    ? { upload: { title: 'x' } }
    : { [path.startsWith('/collections/') ? 'title' : 'name']: 'x' }

/** The document's own words, tried on every route that says them. */
describe('documented refusals', () => {
  let app: TestApp
  let scene: OpenApiFixture
  let bob: TestUser
  let locked: Params = {}
  let ended: Params = {}
  let guarded: Params = {}

  before(async () => {
    app = await startApp()
    scene = await createOpenApiFixture(app)
    bob = await signUp(app, 'bob')
    const { ada, known, createAsset, createLink } = scene
    await ada.put(`/api/projects/${known.projectId}/collaborators/bob`).send({ access: 'read' }).expect(200)
    locked = await createAsset()
    const until = new Date(Date.now() + DAY)
    await ada.put(`/api/assets/${locked.assetId}/lock`).send({ mode: 'compliance', until }).expect(200)
    guarded = { ...known, ...(await createLink(String(known.assetId), { password: 'sesame' })) }
    const link = await createLink(String(known.assetId))
    const { body } = await app.api.get(`/api/links/${link.token}/url`).expect(200)
    ended = { ...known, ...link, signed: body.res.url.split('/').at(-1) }
    await ada.delete(`/api/assets/${ended.assetId}/links/${ended.linkId}`).expect(204)
  })
  after(() => app.stop())

  const REFUSALS: Refusal[] = [
    {
      name: 'a bad token',
      status: 401,
      applies: takesToken,
      ask: (route) => scene.ask(route, scene.known, 'bad'),
    },
    {
      name: 'no token where one is needed',
      status: 401,
      applies: needsToken,
      ask: (route) => scene.ask(route, scene.known, null),
    },
    {
      name: 'a link whose password is not given',
      status: 401,
      applies: ({ path }) => path.includes('{token}'),
      ask: (route) => scene.ask(route, guarded),
    },
    {
      name: 'an unknown query parameter',
      status: 400,
      applies: () => true,
      ask: (route) => scene.withUpload(route, scene.ask(route).query({ unknown: '1' })),
    },
    {
      name: 'JSON that is none',
      status: 400,
      applies: takesJson,
      ask: (route) => scene.ask(route).type('json').send('{'),
    },
    {
      name: 'what does not exist',
      status: 404,
      applies: ({ path }) => path.includes('{'),
      ask: (route) => {
        const request = scene.ask(route, UNKNOWN_IDS)
        return route.operation.operationId === 'renameTag' ? request.send({ tag: 'x' }) : request
      },
    },
    {
      name: 'who may only read, or is no admin',
      status: 403,
      applies: (route) => /\{(asset|project)Id\}/.test(route.path) || isForAdmins(route),
      ask: (route) => scene.ask(route, scene.known, bob.token),
    },
    {
      name: 'a version that is gone',
      status: 412,
      applies: takesHeader('If-Match'),
      ask: (route) => scene.ask(route).set('If-Match', '"99-x"'),
    },
    {
      name: 'a range behind the end',
      status: 416,
      applies: takesHeader('Range'),
      ask: (route) => scene.ask(route).set('Range', 'bytes=999999-'),
    },
    {
      name: 'a link that has ended',
      status: 410,
      applies: ({ path }) => path.includes('{token}'),
      ask: (route) => scene.ask(route, ended),
    },
    {
      name: 'a locked asset',
      status: 423,
      applies: ({ path }) => path.includes('{assetId}'),
      ask: (route) => {
        const request = scene.withUpload(route, scene.ask(route, locked))
        const change = { mode: 'governance', until: new Date(Date.now() + DAY / 2) }
        return takesJson(route)
          ? request.send(route.path.endsWith('/lock') ? change : changeOf(route))
          : request
      },
    },
    {
      name: 'a JSON body over 100 kB',
      status: 413,
      applies: takesJson,
      ask: (route) => scene.ask(route).send({ name: 'x'.repeat(100 * 1024) }),
    },
    {
      name: 'a body of another type',
      status: 415,
      applies: ({ operation: { requestBody } }) =>
        requestBody !== undefined && !('application/octet-stream' in requestBody.content),
      ask: (route) => scene.ask(route).type('text/plain').send('x'),
    },
  ]

  for (const { name, status, applies, ask: send } of REFUSALS) {
    const routes = documentedRoutes.filter((route) => status in route.operation.responses && applies(route))
    it(`${routes.length} routes – ${name} → ${status}, nothing changes`, async () => {
      expect(routes).not.to.have.length(0)
      const before = await stateOf(app)
      for (const route of routes) {
        const res = await send(route)
        expect(res.status, `${route.method} ${route.path} ${res.text}`).to.equal(status)
      }
      expect(await stateOf(app)).to.deep.equal(before)
    })
  }

  it('every route with the database – not prepared → 503', async () => {
    app.context.prepared = false
    try {
      for (const route of documentedRoutes.filter(({ operation }) => '503' in operation.responses))
        expect((await scene.ask(route)).status, `${route.method} ${route.path}`).to.equal(503)
    } finally {
      app.context.prepared = true
    }
  })

  it('every path – other method → 405 with Allow', async () => {
    for (const path of Object.keys(openApi.paths)) {
      const routes = documentedRoutes.filter((route) => route.path === path)
      const taken = routes.map(({ method }) => method)
      const other = ['PUT', 'PATCH', 'POST'].find((method) => !taken.includes(method)) ?? 'DELETE'
      const [route] = routes
      if (!route) throw new Error(`${path} has no routes`)
      const res = await scene.ask({ ...route, method: other })
      expect(res.status, `${other} ${path} ${res.text}`).to.equal(405)
      expect(res.body.err?.code ?? res.body.name).to.equal('method_not_allowed')
      expect(res.headers.allow?.split(', '), path).to.include.members(taken)
    }
  })
})
