import { expect } from 'chai'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type DocumentedRoute, documentedRoutes } from '../support/openapi/document.ts'
import { createOpenApiFixture, type OpenApiFixture } from '../support/openapi/fixture.ts'

const answering = (status: number): DocumentedRoute[] =>
  documentedRoutes.filter(({ method, operation }) => method === 'GET' && status in operation.responses)
const nameOf = ({ method, path }: DocumentedRoute) => `${method} ${path}`

/** What every reading route has in common, tried on all that document it. */
describe('documented answers', () => {
  let app: TestApp
  let scene: OpenApiFixture

  before(async () => {
    app = await startApp()
    scene = await createOpenApiFixture(app)
  })
  after(() => app.stop())

  it('GET and HEAD of every route – success → 200, HEAD the same without the body', async () => {
    for (const route of answering(200)) {
      const whole = await scene.ask(route).buffer(true)
      expect(whole.status, nameOf(route)).to.equal(200)
      const head = await scene.ask({ ...route, method: 'HEAD' })
      expect(head.status, nameOf(route)).to.equal(200)
      expect(head.text, nameOf(route)).to.equal(undefined)
      expect(head.headers['content-type'], nameOf(route)).to.equal(whole.headers['content-type'])
    }
  })

  it('GET of every route – If-None-Match or If-Modified-Since of the answer before → 304', async () => {
    for (const route of answering(304)) {
      const { headers } = await scene.ask(route)
      const { etag, 'last-modified': date } = headers
      const again = await scene
        .ask(route)
        .set(etag ? { 'If-None-Match': etag } : { 'If-Modified-Since': String(date) })
      expect(again.status, nameOf(route)).to.equal(304)
      expect(again.headers.etag, nameOf(route)).to.equal(etag)
    }
  })

  it('GET of files – Range, If-Range matches → 206 with the first byte', async () => {
    for (const route of answering(206)) {
      const { headers } = await scene.ask(route)
      const ranged = scene.ask(route).set('Range', 'bytes=0-0')
      const part = await ranged.set('If-Range', String(headers.etag)).responseType('blob')
      expect(part.status, nameOf(route)).to.equal(206)
      expect(part.headers['content-range'], nameOf(route)).to.equal(`bytes 0-0/${headers['content-length']}`)
      expect(part.body, nameOf(route)).to.have.length(1)
    }
  })
})
