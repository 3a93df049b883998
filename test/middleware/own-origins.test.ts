import type { IncomingMessage } from 'node:http'
import { expect } from 'chai'
import { proxyTrust } from '../../app/auth/proxy-check.ts'
import { ownOrigins } from '../../middleware/own-origins.ts'

const HOST = 'kura.example.org'
const BOTH = [`http://${HOST}`, `https://${HOST}`]

const CASES: [what: string, trusted: number, headers: Record<string, string>, own: string[]][] = [
  ['no proxy', 0, { host: HOST }, BOTH],
  ['a port', 0, { host: `${HOST}:8443` }, [`http://${HOST}:8443`, `https://${HOST}:8443`]],
  [
    'a default port, upper case',
    0,
    { host: `${HOST.toUpperCase()}:443` },
    [`http://${HOST}:443`, `https://${HOST}`],
  ],
  ['headers of a proxy that is not trusted', 0, { host: HOST, 'x-forwarded-host': 'evil.example' }, BOTH],
  ['a proxy that keeps Host', 1, { host: HOST, 'x-forwarded-proto': 'https' }, [`https://${HOST}`]],
  ['a proxy without a scheme', 1, { host: HOST }, BOTH],
  [
    'a proxy with another Host',
    1,
    { host: 'inside:8080', 'x-forwarded-host': `${HOST}, other`, 'x-forwarded-proto': 'HTTPS, http' },
    [`https://${HOST}`],
  ],
  ['Traefik, for a WebSocket', 1, { host: HOST, 'x-forwarded-proto': 'wss' }, [`https://${HOST}`]],
  ['no host', 0, {}, []],
  ['an invalid host', 0, { host: 'a b' }, []],
  ['an origin as a host', 0, { host: 'https://evil.example' }, []],
]

describe('ownOrigins', () => {
  for (const [what, trusted, headers, own] of CASES)
    it(`ownOrigins – ${what} → ${own.join(' and ') || 'none'}`, () => {
      const request = { headers, socket: { remoteAddress: '192.0.2.1' } } as unknown as IncomingMessage
      expect(ownOrigins(request, proxyTrust(trusted))).to.deep.equal(own)
    })
})
