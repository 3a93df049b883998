import { createServer } from 'node:http'
import { expect } from 'chai'
import express, { type Express, type RequestHandler } from 'express'
import { createApp } from '../../app/index.ts'
import type { Covers } from '../../app/media/covers.ts'
import { authenticate, createPassport } from '../../middleware/authenticate.ts'
import { RouteRequest } from '../../middleware/handle.ts'
import { upload } from '../../middleware/upload.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { listen } from '../support/app/http.ts'
import { uploadRaw } from '../support/app/raw-upload.ts'
import { closeSockets, SocketClient } from '../support/app/socket.ts'
import { stateOf } from '../support/app/state.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { png } from '../support/data/samples.ts'
import { eventually } from '../support/eventually.ts'
import { documentedRoutes } from '../support/openapi/document.ts'

/** What the router of Express 5 keeps of a route or of a mounted router. */
interface Layer {
  rawPath: string
  route?: { path: string; stack: { method: string; name: string }[] }
  handle: { stack?: Layer[] }
}

/** Returns every mounted route that receives an upload, as `POST /api/assets/{assetId}/images`. */
function uploadRoutes(app: Express): string[] {
  const name = upload({}, () => undefined).name
  const walk = (stack: Layer[], prefix: string): string[] =>
    stack.flatMap(({ rawPath, route, handle }) => {
      const path = `${prefix}${route?.path ?? rawPath}`.replace(/\/+/g, '/')
      if (!route) return walk(handle.stack ?? [], path)
      const template = path.replace(/(.)\/$/, '$1').replace(/:(\w+)/g, '{$1}')
      return route.stack
        .filter((layer) => layer.name === name)
        .map(({ method }) => `${method.toUpperCase()} ${template}`)
    })
  return walk((app.router as unknown as { stack: Layer[] }).stack, '/').sort()
}

/** The field of the file, for each route; null if the body is the file. */
const FIELDS: Record<string, string | null> = {
  'POST /api/assets': 'files',
  'POST /api/assets/{assetId}/images': 'images',
  'POST /api/upload': 'file',
  'POST /base': 'file',
  'POST /collections': 'image[file]',
  'POST /images': 'image',
  'POST /overlay': 'file',
  'POST /uploads': 'upload[file]',
  'PUT /api/assets/{assetId}/files': 'files',
  'PUT /api/files/{filename}': null,
}

/** Returns whether a documented body has a file: a form of files, or the bytes of one. */
const hasFile = (content: Record<string, unknown> = {}) =>
  'application/octet-stream' in content ||
  ('multipart/form-data' in content && !('application/json' in content))

/** Replaces a property for the time of `work`. */
async function withProperty<T>(
  target: object,
  name: string,
  property: PropertyDescriptor,
  work: () => Promise<T>,
): Promise<T> {
  const original = Object.getOwnPropertyDescriptor(target, name)
  Object.defineProperty(target, name, { configurable: true, ...property })
  try {
    return await work()
  } finally {
    if (original) Object.defineProperty(target, name, original)
    else Reflect.deleteProperty(target, name)
  }
}

describe('undo of uploads', () => {
  let app: TestApp
  let ada: TestUser
  let client: { origin: string; token: string }
  let asset: string
  let picture: Buffer

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    client = { origin: app.origin, token: ada.token }
    asset = (await uploadAsset(ada)).id
    picture = await png()
  })
  after(() => app.stop())
  afterEach(closeSockets)

  it('routes – receive an upload → those that document a file in their body', () => {
    const documented = documentedRoutes
      .filter(({ operation }) => hasFile(operation.requestBody?.content))
      .map(({ method, path }) => `${method} ${path}`)
    const mounted = uploadRoutes(createApp(app.context))
    expect(mounted).to.deep.equal(Object.keys(FIELDS))
    expect(mounted).to.deep.equal(documented.sort())
  })

  for (const [route, field] of Object.entries(FIELDS)) {
    const [method = '', template = ''] = route.split(' ')
    const pathOf = () => template.replace('{assetId}', asset).replace('{filename}', 'a.png')
    const send = () => {
      const path = pathOf()
      return uploadRaw(client, picture, { method: method as 'POST', path, field, name: 'a.png' })
    }

    it(`${route} – handler throws after the files are stored → 500, nothing is left`, async () => {
      const before = await stateOf(app)
      let stored = 0
      const property = {
        get(this: RouteRequest): never {
          stored = [this.req.upload?.files, this.req.upload?.images].flat().length
          throw new Error('the handler failed')
        },
      }
      const answer = await withProperty(RouteRequest.prototype, 'upload', property, send)
      expect(answer).to.include({ status: 500, code: 'internal' })
      expect(stored).to.equal(1)
      expect(await stateOf(app)).to.deep.equal(before)
    })

    // the routes of the Kumo service ignore unknown fields
    const [wrong, value, status] = /\/(?:collections|uploads)$/.test(route)
      ? (['title', 'x'.repeat(201), 422] as const)
      : (['unknown', 'x', 400] as const)
    it(`${route} – invalid field after the files → ${status}, nothing is left`, async () => {
      const before = await stateOf(app)
      const path = pathOf()
      const request = method === 'PUT' ? ada.put(path) : ada.post(path)
      const answer = await (field === null
        ? request.query({ [wrong]: value }).send(picture)
        : request.attach(field, picture, 'a.png').field(wrong, value))
      const code = answer.body.err?.code ?? answer.body.name
      expect([answer.status, code]).to.deep.equal([status, 'validation_failed'])
      expect(await stateOf(app)).to.deep.equal(before)
    })
  }

  it('upload – handler answers without a commit → nothing is left', async () => {
    const provide: RequestHandler = (req, _res, next) => {
      req.context = app.context
      req.passport = createPassport(app.context.tokens)
      next()
    }
    const answers = upload({ files: { min: 1, max: 1 } }, (_req, res) => void res.json({}))
    const server = createServer(express().use(provide).post('/api/assets', authenticate, answers))
    try {
      const before = await stateOf(app)
      const origin = await listen(server)
      expect(await uploadRaw({ ...client, origin }, picture)).to.include({ status: 200 })
      await eventually(async () => expect(await stateOf(app)).to.deep.equal(before))
    } finally {
      server.close()
    }
  })

  it('op upload – use case throws after the file is stored → error, nothing is left', async () => {
    const before = await stateOf(app)
    const socket = await SocketClient.signedIn(app.origin, ada.token)
    let files = 0
    const value: Covers['begin'] = (_session, given) => {
      files = given.length
      throw new Error('the use case failed')
    }
    const answer = await withProperty(app.context.covers, 'begin', { value }, () =>
      socket.upload(picture, { name: 'a.png' }),
    )
    expect(answer.err).to.include({ code: 'internal' })
    expect(files).to.equal(1)
    expect(await stateOf(app)).to.deep.equal(before)
  })
})
