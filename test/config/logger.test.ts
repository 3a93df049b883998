import { createServer } from 'node:http'
import { expect } from 'chai'
import { pino } from 'pino'
import { levelOf, logRequests, pathOf } from '../../config/logger.ts'
import { listen } from '../support/app/http.ts'
import { eventually } from '../support/eventually.ts'

const TOKEN = 'Zm9vYmFyLXNlY3JldC10b2tlbi1vZi1hLWxpbms-_0A'
const JWT = `${TOKEN}.eyJzdWIiOiIxIn0.${TOKEN}`
const UUID = '0b4c0a86-52f4-4a9c-8a35-7d6f0a0e3f5b'
const ID = '0123456789abcdef01234567'

const ROWS: [url: string, path: string][] = [
  ['/api/links/TOKEN', '/api/links/…'],
  ['/api/links/TOKEN/files/1?x=TOKEN', '/api/links/…/files/1'],
  ['/API/Links/TOKEN', '/API/Links/…'],
  ['/api/SIGNED/TOKEN', '/api/SIGNED/…'],
  ['/api/%6Cinks/TOKEN', '/api/links/…'],
  ['/api/%6c%49nks/TOKEN', '/api/lInks/…'],
  ['/%61pi/%73igned/TOKEN', '/api/signed/…'],
  ['/api/%256Cinks/TOKEN', '/api/links/…'],
  ['/api/links%2FTOKEN', '/api/links/…'],
  ['/api/links%5CTOKEN', '/api/links/…'],
  ['/api//links//TOKEN', '/api//links//…'],
  ['//api/links/TOKEN', '//api/links/…'],
  ['/api/./links/TOKEN', '/api/./links/…'],
  ['http://kura.example/api/links/TOKEN', 'http://kura.example/api/links/…'],
  ['/api/links/TOKEN%FF', '/api/links/…'],
  ['/api/links/%ZZTOKEN', '/api/links/…'],
  ['/api/links/./TOKEN', '/api/links/…/…'],
  ['/api/links;v=1/TOKEN', '/api/links;v=1/…'],
  ['/api/link/TOKEN/files', '/api/link/…/files'],
  [`/api/sign/${JWT}?x`, '/api/sign/…'],
  [`/api/assets/${ID}/files/${UUID}`, `/api/assets/${ID}/files/${UUID}`],
  [`/api/users/${'n'.repeat(32)}`, `/api/users/${'n'.repeat(32)}`],
  [`/api/assets/${ID}/links/${ID}`, `/api/assets/${ID}/links/${ID}`],
  ['/api/assets/links', '/api/assets/links'],
  ['/api/users/a%20b?token=TOKEN', '/api/users/a%20b'],
  ['/api/users/a%FF', '/api/users/a%FF'],
]

describe('log of requests', () => {
  for (const [url, path] of ROWS)
    it(`pathOf – ${url} → ${path}`, () => {
      expect(pathOf(url.replaceAll('TOKEN', TOKEN))).to.equal(path)
    })

  for (const [status, level] of [
    [200, 'info'],
    [404, 'info'],
    [500, 'error'],
    [503, 'warn'],
    [507, 'warn'],
  ] as const)
    it(`levelOf – ${status} → ${level}`, () => {
      expect(levelOf(status)).to.equal(level)
    })

  for (const [level, status, lines] of [
    ['info', 200, 1],
    ['warn', 200, 0],
    ['warn', 503, 1],
  ] as const)
    it(`logRequests – level ${level}, answer ${status} → ${lines} lines with the status, no query`, async () => {
      const written: string[] = []
      const log = pino({ level }, { write: (line: string) => written.push(line) })
      const middleware = logRequests(log)
      const server = createServer((req, res) =>
        middleware(Object.assign(req, { id: 'one' }), res, () => {
          res.statusCode = status
          res.end()
        }),
      )
      await fetch(`${await listen(server)}/api/assets?q=secret`)
      server.close()
      await eventually(() => expect(written).to.have.length(lines))
      for (const line of written) {
        const { reqId, req, res } = JSON.parse(line)
        expect({ reqId, path: req.path, ...res }).to.deep.equal({
          reqId: 'one',
          path: '/api/assets',
          statusCode: status,
        })
        expect(line).not.to.contain('secret')
      }
    })

  it('pathOf – a path of 16 kB that is encoded many times → under 20 ms', () => {
    const times = Array.from({ length: 5 }, () => {
      const begin = performance.now()
      pathOf(`/%${'25'.repeat(8000)}`)
      return performance.now() - begin
    })
    // the machine can be slow for a moment, but not every time
    expect(Math.min(...times)).to.be.below(20)
  })
})
