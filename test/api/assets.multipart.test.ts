import { request } from 'node:http'
import { json } from 'node:stream/consumers'
import { expect } from 'chai'
import { startApp, type TestApp } from '../support/app/app.ts'
import { stateOf } from '../support/app/state.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { REFUSED } from '../support/data/multipart-refusals.ts'
import { ACCEPTED, CONTENT, END, file, type Sent, utf8 } from '../support/data/multipart-shapes.ts'

describe('POST /api/assets as clients send it', () => {
  let app: TestApp
  let ada: TestUser

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
  })
  after(() => app.stop())

  /** Sends a body as it is. */
  async function send(
    { body, type = 'multipart/form-data; boundary=b', headers = {} }: Sent,
    path = '/api/assets',
  ) {
    const bytes = Buffer.from(body, 'latin1')
    const sending = request(`${app.origin}${path}`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${ada.token}`,
        'Content-Type': type,
        'Content-Length': bytes.length,
        ...headers,
      },
    })
    sending.end(bytes)
    return new Promise<{ status: number; text: string; names: string[] }>((resolve, reject) => {
      sending.on('error', reject)
      sending.on('response', async (response) => {
        const answer = (await json(response)) as {
          res?: { asset: { files: { name: string; size: number }[] } }
        }
        const files = answer.res?.asset?.files ?? []
        expect(files.filter(({ size }) => size !== CONTENT.length)).to.deep.equal([])
        resolve({
          status: Number(response.statusCode),
          text: JSON.stringify(answer),
          names: files.map(({ name }) => name),
        })
      })
    })
  }

  for (const [client, names, sent] of ACCEPTED)
    it(`POST /api/assets – ${client} → stored`, async () => {
      const answer = await send(sent)
      expect(answer.status, answer.text).to.equal(201)
      expect(answer.names).to.have.members(names)
    })

  for (const [what, status, code, message, sent] of REFUSED)
    it(`POST /api/assets – ${what} → ${status} ${code}, nothing stored`, async () => {
      const before = await stateOf(app)
      const answer = await send(sent)
      expect(answer.status, answer.text).to.equal(status)
      expect(answer.text).to.contain(`"code":"${code}"`).and.to.match(message)
      expect(await stateOf(app)).to.deep.equal(before)
    })

  it('POST /api/assets – fields in several character sets → the same text', async () => {
    const sets = [
      ['', utf8('5 € – café')],
      ['\r\nContent-Type: text/plain; charset=UTF-8', utf8('5 € – café')],
      ['\r\nContent-Type: text/plain; charset=windows-1252', '5 \x80 \x96 caf\xe9'],
      ['\r\nContent-Type: text/plain; charset=ISO-8859-1', '5 \x80 \x96 caf\xe9'],
    ]
    for (const [rest = '', text = ''] of sets) {
      const answer = await send({ body: file(rest, 'description', text) + file() + END })
      expect(answer.text, rest).to.contain('"description":"5 € – café"')
    }
    const refused = await send({ body: file('', 'description', 'caf\xe9') + file() + END })
    expect(refused.status, refused.text).to.equal(400)
  })

  it('POST /images, /api/upload – a file in the field of another service → 400 that names the right one', async () => {
    for (const [path, field, right] of [
      ['/images', 'file', 'image'],
      ['/api/upload', 'image', 'file'],
      ['/base', 'files', 'file'],
    ]) {
      const answer = await send({ body: file(undefined, field) + END }, path)
      expect(answer.status, path).to.equal(400)
      expect(answer.text).to.contain(`"field":"${field}","message":"is not a file field: use ${right}"`)
    }
  })
})
