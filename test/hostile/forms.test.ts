import { expect } from 'chai'
import { rawConnection } from '../support/app/raw-socket.ts'
import { useServiceWithAsset } from '../support/app/service-with-asset.ts'
import { eventually } from '../support/eventually.ts'
import { documentedRoutes } from '../support/openapi/document.ts'
import { takesJson } from '../support/openapi/fixture.ts'

const URLENCODED = 'application/x-www-form-urlencoded'
const MULTIPART = 'multipart/form-data; boundary=b'
const MAX_ANSWER_BYTES = 8000

const part = (head: string, text = '') => `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${text}\r\n`
const parts = (count: number, head: string) => `${part(head).repeat(count)}--b--\r\n`

const BODIES: [type: string, body: string][] = [
  [URLENCODED, 'a&'.repeat(50_000)],
  [URLENCODED, 'a=&'.repeat(900)],
  [URLENCODED, Array.from({ length: 1000 }, (_, n) => `x${n}=1`).join('&')],
  [URLENCODED, 'tags=a&'.repeat(1000)],
  [URLENCODED, `name${'[a]'.repeat(30_000)}=x`],
  [URLENCODED, `${'['.repeat(99_000)}=x`],
  [URLENCODED, `name=${'%'.repeat(99_000)}`],
  [URLENCODED, `${'+'.repeat(99_000)}`],
  [URLENCODED, '__proto__=a&__proto__[x]=b&constructor[prototype][x]=c&toString=d&hasOwnProperty=e'],
  [URLENCODED, 'credentials[__proto__]=a&credentials=b&credentials[email]=c&credentials[constructor]=d'],
  [URLENCODED, 'name=%00&password=%ff&title=%ed%a0%80'],
  [URLENCODED, '=&==&&=a&%=&&'],
  [`${URLENCODED}; charset="utf-16"`, 'a=b'],
  [`${URLENCODED}; charset`, 'a=b'],
  [`${URLENCODED}; a=b; a=c`, 'a=b'],
  [MULTIPART, parts(1500, 'name="tags"')],
  [MULTIPART, parts(500, 'name="x[a][b][c]"')],
  [MULTIPART, parts(2, 'name="__proto__"')],
  [MULTIPART, parts(2, 'name="name"; filename="a.obj"')],
  [MULTIPART, part(`name="${'n'.repeat(8000)}"`, 'x')],
  [MULTIPART, part('name="name"', 'x'.repeat(102_000))],
  [MULTIPART, `--b\r\nContent-Type: application/json\r\n\r\n{}\r\n--b--`],
  [MULTIPART, ''],
  ['multipart/form-data', parts(1, 'name="name"')],
]

describe('hostile forms', function () {
  this.timeout(120_000)
  const service = useServiceWithAsset()

  it(`every route that takes JSON – ${BODIES.length} forms → no 5xx, a short answer`, async () => {
    for (const { path, method } of documentedRoutes.filter(takesJson))
      for (const [type, body] of BODIES) {
        const url = service().urlOf(path)
        const headers = { Authorization: `Bearer ${service().token}`, 'Content-Type': type }
        const answer = await fetch(url, { method, headers, body })
        const text = await answer.text()
        const what = `${method} ${path} ${type} ${body.slice(0, 60)}: ${answer.status} ${text.slice(0, 200)}`
        expect(answer.status, what).to.be.lessThan(500)
        expect(text.length, what).to.be.lessThan(MAX_ANSWER_BYTES)
      }
  })

  it('PATCH /api/users/me – client disconnects in the middle of each type of body → no error is logged, the next form is taken', async () => {
    for (const type of ['application/json', URLENCODED, MULTIPART])
      for (const body of ['', 'name=a', '{"na', '--b\r\nContent-Disp']) {
        const socket = await rawConnection(service().origin)
        const head = `PATCH /api/users/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${service().token}\r\n`
        socket.write(`${head}Content-Type: ${type}\r\nContent-Length: 1000\r\n\r\n${body}`)
        setImmediate(() => socket.destroy())
      }
    const answer = await fetch(`${service().origin}/api/users/me`, {
      method: 'PATCH',
      headers: { Authorization: `Bearer ${service().token}` },
      body: new URLSearchParams({ name: 'Ada' }),
    })
    expect(answer.status).to.equal(200)
  })

  it('PATCH /api/users/me – Expect: 100-continue with a form → 100 only if the body is read', async () => {
    const send = async (authorization: string) => {
      const socket = await rawConnection(service().origin)
      let answer = ''
      socket.setEncoding('latin1').on('data', (text: string) => {
        answer += text
      })
      const head = `PATCH /api/users/me HTTP/1.1\r\nHost: a\r\n${authorization}Expect: 100-continue\r\n`
      socket.write(`${head}Content-Type: ${URLENCODED}\r\nContent-Length: 6\r\n\r\n`)
      await eventually(() => expect(answer).to.match(/^HTTP\/1\.1 \d+/))
      if (answer.includes('100 Continue')) socket.write('name=a')
      await eventually(() => expect(answer).to.match(/HTTP\/1\.1 (200|401)/))
      socket.destroy()
      return answer
    }
    expect(await send('')).to.match(/^HTTP\/1\.1 401 /)
    expect(await send(`Authorization: Bearer ${service().token}\r\n`)).to.match(
      /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /,
    )
  })
})
