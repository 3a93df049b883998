import { connect } from 'node:net'
import { expect } from 'chai'
import { Asset } from '../../../models/asset.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { stateOf } from '../../support/app/state.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'
import { obj } from '../../support/data/samples.ts'

const BODY = [
  '--b\r\nContent-Disposition: form-data; name="files"; filename="chair.obj"\r\n',
  `Content-Type: text/plain\r\n\r\n${obj()}\r\n--b--\r\n`,
].join('')

interface Exchange {
  /** Returns all status lines, in order. */
  statuses: string[]
  text: string
}

/** Sends the headers of a request that expects 100-continue, and its body after that answer. */
function expectContinue(origin: string, headers: string[], body: string): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1')
    let text = ''
    socket.setEncoding('utf8').on('error', reject)
    socket.on('data', (part: string) => {
      if (!text && part.startsWith('HTTP/1.1 100 ')) socket.write(body)
      text += part
    })
    socket.on('end', () => resolve({ statuses: text.match(/HTTP\/1\.1 \d{3}/g) ?? [], text }))
    socket.write([...headers, 'Host: a', 'Connection: close', 'Expect: 100-continue', '', ''].join('\r\n'))
  })
}

describe('Expect: 100-continue', () => {
  let app: TestApp
  let ada: TestUser

  const upload = (token: string, length = BODY.length) => [
    'POST /api/assets HTTP/1.1',
    ...(token ? [`Authorization: Bearer ${token}`] : []),
    'Content-Type: multipart/form-data; boundary=b',
    `Content-Length: ${length}`,
  ]

  before(async () => {
    app = await startApp({ env: { MAX_FILE_BYTES: '1000000', MAX_FILES: '20', USER_SPACE_BYTES: '500000' } })
    ada = await signUp(app, 'ada')
  })
  after(() => app.stop())

  it('upload with Expect: 100-continue – accepted → one 100 Continue, body stored', async () => {
    const { statuses } = await expectContinue(app.origin, upload(ada.token), BODY)
    expect(statuses).to.deep.equal(['HTTP/1.1 100', 'HTTP/1.1 201'])
    const [asset] = await Asset.find({ owner: ada.user._id }).lean()
    expect(asset?.files).to.have.length(1)
    const key = String(asset?.files[0]?.key)
    expect((await app.store.open(key)).readable).to.equal(true)
  })

  it('POST /api/auth/register with Expect: 100-continue – valid → 100 Continue, then 201', async () => {
    const body = JSON.stringify({ username: 'grace' })
    const headers = [
      'POST /api/auth/register HTTP/1.1',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ]
    const { statuses } = await expectContinue(app.origin, headers, body)
    expect(statuses).to.deep.equal(['HTTP/1.1 100', 'HTTP/1.1 201'])
    expect(await User.countDocuments({ username: 'grace' })).to.equal(1)
  })

  const REFUSED = [
    { name: 'without a token', headers: () => upload(''), status: 401, code: 'unauthenticated' },
    {
      name: 'longer than all its allowed parts together',
      headers: () => upload(ada.token, 1e9),
      status: 413,
      code: 'too_large',
    },
    {
      name: 'that does not fit in the space of the account',
      headers: () => upload(ada.token, 600_000),
      status: 507,
      code: 'space_exceeded',
    },
    {
      name: 'to an address where there is nothing',
      headers: () => ['POST /api/nothing HTTP/1.1', 'Content-Length: 10'],
      status: 404,
      code: 'not_found',
    },
  ]
  for (const { name, headers, status, code } of REFUSED)
    it(`upload with Expect: 100-continue – ${name} → ${status} without 100 Continue`, async () => {
      const before = await stateOf(app)
      const { statuses, text } = await expectContinue(app.origin, headers(), BODY)
      expect(statuses).to.deep.equal([`HTTP/1.1 ${status}`])
      expect(text).to.contain(`"code":"${code}"`)
      expect(await stateOf(app)).to.deep.equal(before)
    })
})
