import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { pino } from 'pino'
import { ProxyCheck } from '../../../app/auth/proxy-check.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { closeSockets, SocketClient } from '../../support/app/socket.ts'

describe('ProxyCheck', () => {
  for (const [trustProxy, header, warnings] of [
    ['0', 'X-Forwarded-For', 1],
    ['0', 'Forwarded', 1],
    ['0', 'X-Request-Id', 0],
    ['1', 'X-Forwarded-For', 0],
    ['loopback', 'X-Forwarded-For', 0],
  ] as const)
    describe(`TRUST_PROXY=${trustProxy}, requests with ${header}`, () => {
      let app: TestApp
      let log: PassThrough
      before(async () => {
        app = await startApp({ env: { TRUST_PROXY: trustProxy } })
        log = new PassThrough()
        app.context.proxyCheck = new ProxyCheck({ config: app.context.config, log: pino(log) })
      })
      after(async () => {
        await closeSockets()
        await app.stop()
      })

      it(`ProxyCheck – TRUST_PROXY=${trustProxy}, ${header} in requests and a WebSocket handshake → ${warnings} warning in the log`, async () => {
        await app.api.get('/healthz').expect(200)
        expect(log.read()).to.equal(null)
        const headers = { [header]: 'for.example' }
        await SocketClient.open(app.origin, { headers })
        for (let n = 0; n < 3; n++) await app.api.get('/healthz').set(headers).expect(200)
        const lines = String(log.read() ?? '')
          .split('\n')
          .filter((line) => line.includes('TRUST_PROXY'))
        expect(lines).to.have.length(warnings)
        expect(app.context.proxyCheck.isIgnored).to.equal(warnings === 1)
      })
    })
})
