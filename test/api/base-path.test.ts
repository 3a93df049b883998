import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import type { Response, Test } from 'supertest'
import { createApp } from '../../app/index.ts'
import { FIRST_SEGMENTS } from '../../config/base-path.ts'
import { ConfigError, loadConfig } from '../../config/env.ts'
import { pageAt } from '../../middleware/pages.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { closeSockets, SocketClient } from '../support/app/socket.ts'
import { obj } from '../support/data/samples.ts'
import { type DocumentedRoute, documentedRoutes } from '../support/openapi/document.ts'
import { createOpenApiFixture, type OpenApiFixture } from '../support/openapi/fixture.ts'
import { mountedRoutes } from '../support/openapi/mounted-routes.ts'

const BASE = '/kura'
/** Routes whose answers contain addresses. */
const WITH_ADDRESSES = [
  'GET /',
  'GET /api',
  'GET /api/assets',
  'POST /api/assets',
  'GET /api/assets/{assetId}',
  'PATCH /api/assets/{assetId}',
  'PUT /api/assets/{assetId}/files',
  'POST /api/assets/{assetId}/images',
  'POST /api/assets/{assetId}/links',
  'GET /api/assets/{assetId}/url',
  'PUT /api/files/{filename}',
  'GET /api/links/{token}',
  'GET /api/links/{token}/url',
  'POST /api/projects',
  'GET /images',
  'POST /images',
  'GET /images/{assetId}',
  'GET /user/{userId}',
  'POST /base',
  'GET /collections',
  'POST /collections',
  'GET /collections/{assetId}',
  'GET /uploads',
  'POST /uploads',
  'GET /uploads/{assetId}',
]

const nameOf = ({ method, path }: DocumentedRoute) => `${method} ${path}`

/** Returns all texts in a JSON value. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

describe('BASE_PATH', () => {
  let app: TestApp
  let scene: OpenApiFixture

  before(async () => {
    app = await startApp({ env: { BASE_PATH: `${BASE}/` } })
    scene = await createOpenApiFixture(app)
  })
  afterEach(closeSockets)
  after(() => app.stop())

  /** Returns the paths in an answer and its headers. An address with the host of the service is one. */
  function pathsOf({ body, headers }: Pick<Response, 'body' | 'headers'>): string[] {
    const texts = [
      ...textsIn(body),
      ...['location', 'link', 'content-location'].flatMap((name) => headers[name] ?? []),
    ]
    return texts.map((text) => text.replace(app.origin, '')).filter((text) => text.startsWith('/'))
  }

  /** Returns the request of a documented route with a valid body, by the path with or without the prefix. */
  async function request(route: DocumentedRoute, prefix: string): Promise<Response> {
    const test: Test = scene.ask(route)
    const { pathname, search } = new URL(test.url)
    test.url = `${app.origin}${prefix}${pathname}${search}`
    const types = Object.keys(route.operation.requestBody?.content ?? {})
    if (types.includes('application/json')) return test.send(BODIES[nameOf(route)] ?? {})
    if (types.includes('multipart/form-data')) return scene.withUpload(route, test)
    return route.method === 'PUT' ? test.send(obj()) : test
  }

  /** Bodies of requests whose answers contain addresses. */
  const BODIES: Record<string, object> = {
    'PATCH /api/assets/{assetId}': { description: 'Oak' },
    'POST /api/projects': { title: 'Hall' },
  }
  /** Routes that end the session, lock the asset or delete it, and the document, which names routes without BASE_PATH. */
  const isLeftOut = ({ method, path }: DocumentedRoute) =>
    method === 'DELETE' || path === '/openapi.json' || path.endsWith('/lock') || path === '/api/auth/logout'

  it('every route – addresses in answer and headers → begin with BASE_PATH and open, by both paths', async () => {
    const { assetId, projectId, sceneId } = scene.known
    await scene.ada.patch(`/api/projects/${projectId}`).send({ image: assetId }).expect(200)
    await scene.ada
      .patch(`/api/projects/${projectId}/scenes/${sceneId}`)
      .send({ base: [assetId], overlayImage: [assetId] })
      .expect(200)
    const seen: string[] = []
    for (const route of documentedRoutes.filter((one) => !isLeftOut(one))) {
      const paths = pathsOf(await request(route, BASE))
      if (paths.length > 0) seen.push(nameOf(route))
      for (const path of new Set(paths)) {
        expect(path, nameOf(route)).to.match(/^\/kura\/(?!\/|kura)/)
        for (const way of [path, path.slice(BASE.length)])
          expect((await scene.ada.get(way)).status, `${nameOf(route)}: ${way}`).to.equal(200)
      }
    }
    expect(seen).to.have.members(WITH_ADDRESSES)
  })

  it('GET /api/assets/:assetId – path without BASE_PATH → the same answer', async () => {
    const path = `/api/assets/${scene.known.assetId}`
    const [with_, without] = [await scene.ada.get(BASE + path), await scene.ada.get(path)]
    expect(with_.body.res).to.deep.equal(without.body.res)
    expect(with_.headers.etag).to.equal(without.headers.etag)
  })

  it('Idempotency-Key – repeat by the other path → the first answer', async () => {
    const send = (prefix: string) =>
      scene.ada
        .post(`${prefix}/api/assets`)
        .set('Idempotency-Key', 'one')
        .attach('files', obj(), 'a.obj')
        .expect(201)
    const { body, headers } = await send(BASE)
    const again = await send('')
    expect(again.body).to.deep.equal(body)
    expect(again.headers.location).to.equal(headers.location)
  })

  it('GET /docs – page, its files and its document → below BASE_PATH, at /docs/ too', async () => {
    for (const page of [`${BASE}/docs`, `${BASE}/docs/`, '/docs']) {
      const { text, headers } = await app.api.get(page).expect(200)
      const addresses = [...text.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, address = '']) => address)
      expect(addresses).to.have.length(4)
      for (const address of addresses) {
        expect(address).to.match(/^\/kura\/(?:docs\/|openapi\.json$)/)
        await app.api.get(address).expect(200)
      }
      await app.api.get(page).set('If-None-Match', String(headers.etag)).expect(304)
    }
    const { body } = await app.api.get(`${BASE}/openapi.json`).expect(200)
    expect(body.servers.map(({ url }: { url: string }) => url)).to.deep.equal([BASE])
  })

  it('WebSocket – /kura/ws and /ws → addresses in answers and events begin with BASE_PATH; another path → 404', async () => {
    for (const prefix of [BASE, '']) {
      const socket = await SocketClient.signedIn(app.origin + prefix, scene.ada.token, { subscribe: true })
      const answers = [
        await socket.expect('list', { scope: 'mine' }),
        await socket.expect('list', { scope: 'mine', signed: true }),
        await socket.expect('get', { id: scene.known.assetId }),
      ]
      await scene.ada
        .patch(`/api/assets/${scene.known.assetId}`)
        .send({ description: `by ${prefix}` })
        .expect(200)
      const event = await socket.find((message) => message.event === 'asset.updated')
      for (const message of [...answers, event]) {
        const paths = pathsOf({ body: message, headers: {} } as Response)
        expect(paths).to.not.be.empty
        for (const path of paths) {
          expect(path).to.match(/^\/kura\/api\//)
          await scene.ada.get(path).expect(200)
        }
      }
    }
    const refused = await SocketClient.open(`${app.origin}${BASE}${BASE}`).catch((error) => error)
    expect(refused).to.be.instanceOf(Error).and.to.match(/404/)
  })

  const TARGETS: [target: string, status: number][] = [
    ['/kura/healthz', 200],
    ['/healthz', 200],
    ['/kura/healthz?', 200],
    ['http://kura.example.org/kura/healthz', 200],
    ['http://evil.example/kura/healthz', 200],
    ['/kura', 200],
    ['/kura/', 200],
    ['/kura?', 200],
    ['/kurahealthz', 404],
    ['/KURA/healthz', 404],
    ['/%6bura/healthz', 404],
    ['/kura%2fhealthz', 404],
    ['/kura/kura/healthz', 404],
    ['//kura/healthz', 404],
    ['/kura//healthz', 404],
    ['/kura//evil.example/healthz', 404],
    ['/kura/../healthz', 404],
    ['/kura/%2e%2e/healthz', 404],
    ['/kura\\healthz', 404],
  ]
  for (const [target, status] of TARGETS)
    it(`GET ${target} – sent as it is → ${status}, no redirect`, async () => {
      const { statusCode, headers } = await getTarget(app.origin, target)
      expect(statusCode).to.equal(status)
      expect(headers.location).to.equal(undefined)
    })

  it('Kumo addresses – Host of an attacker in path or prefix → own host and BASE_PATH', async () => {
    const { body } = await scene.ada.post(`${BASE}/uploads`).attach('file', obj(), 'a.obj').expect(201)
    expect(body.upload.url).to.match(new RegExp(`^${app.origin}/kura/api/signed/`))
    const headers = { Authorization: `Bearer ${scene.ada.token}` }
    const target = `http://evil.example${BASE}/uploads/${body.upload._id}`
    const answer = JSON.parse(await text(await getTarget(app.origin, target, headers)))
    expect(answer.upload.url).to.match(new RegExp(`^${app.origin}/kura/api/signed/`))
  })

  it('routes – first segments → all refused as the beginning of BASE_PATH', () => {
    const segments = mountedRoutes(createApp(app.context)).flatMap((route) => route.split('/')[1] || [])
    const ofClient = PAGE_SEGMENTS.filter((segment) => !segments.includes(segment))
    expect([...new Set([...segments, ...ofClient, ...RESERVED_SEGMENTS, 'ws', 'web'])]).to.have.members(
      FIRST_SEGMENTS,
    )
    for (const segment of ofClient)
      expect(pageAt(`/${segment}`) ?? pageAt(`/${segment}/1`), segment).to.be.an('object')
  })
})

/** First segments of the paths of pages. */
const PAGE_SEGMENTS = ['a', 'account', 'admin', 'embed', 'register', 's', 'sign-in', 'upload']
/** First segments reserved for pages of features that do not exist yet. */
const RESERVED_SEGMENTS = ['c', 'invite', 'reset', 'trash']

describe('BASE_PATH setting', () => {
  const VALID: [given: string, basePath: string][] = [
    ['', ''],
    ['/', ''],
    ['/kura', '/kura'],
    ['/kura/', '/kura'],
    ['/apps/kura-2.1_~', '/apps/kura-2.1_~'],
    ['/team/api', '/team/api'],
  ]
  for (const [given, basePath] of VALID)
    it(`BASE_PATH – ${given} → ${basePath}`, () => {
      expect(loadConfig({ BASE_PATH: given }).http.basePath).to.equal(basePath)
    })

  const FORM = /^BASE_PATH must be a path such as \/kura/
  const INVALID: [given: string, sentence: RegExp][] = [
    ...[
      'kura',
      '//',
      '//evil.example',
      '/kura//x',
      '/kura//',
      '/../x',
      '/kura/..',
      '/./kura',
      '/...',
      '/ku ra',
    ].map((given): [string, RegExp] => [given, FORM]),
    ...[
      '/%6bura',
      '/kura?x',
      '/kura#x',
      '/küra',
      '/kura\\x',
      'https://example.org/kura',
      `/${'a'.repeat(200)}`,
    ].map((given): [string, RegExp] => [given, FORM]),
    ['/api', /^BASE_PATH must not begin with \/api, because/],
    ['/Docs/kura', /^BASE_PATH must not begin with \/Docs, because/],
    ['/ws', /^BASE_PATH must not begin with \/ws, because/],
  ]
  for (const [given, sentence] of INVALID)
    it(`BASE_PATH – ${given.slice(0, 30)} → refused`, () => {
      expect(() => loadConfig({ BASE_PATH: given }))
        .to.throw(ConfigError)
        .with.property('errors')
        .that.satisfies(([error]: string[]) => sentence.test(String(error)))
    })
})

/** Sends a request whose target is exactly this text. */
function getTarget(
  origin: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: new URL(origin).port, path, headers }, resolve).on('error', reject)
  })
}
