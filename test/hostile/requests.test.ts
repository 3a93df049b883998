import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { killAll, type ServiceProcess, startProcess } from '../support/app/process.ts'

const PATHS = ['/docs', '/docs/swagger-ui-bundle.js', '/openapi.json', '/healthz', '/api/assets']
/** Bytes after a request that are not a request. */
const GARBAGE = ['{}', '\0'.repeat(100), 'GET\r\n\r\n', 'GET /docs HTTP/9.9\r\n\r\n']

describe('malformed requests', function () {
  this.timeout(120_000)
  let folder: string
  let service: ServiceProcess
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-requests-'))
    service = await startProcess({ DATA_DIR: folder })
  })
  after(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  /** Returns the answers until the service closes the connection. */
  async function answersTo(bytes: string): Promise<string> {
    const socket = connect(Number(new URL(service.origin).port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write(bytes, 'latin1')
    return text(socket)
  }

  for (const path of PATHS)
    it(`GET ${path} – followed by bytes that are not a request → no 500, no log line`, async () => {
      for (const garbage of GARBAGE)
        for (let count = 0; count < 10; count += 1) {
          const answers = await answersTo(`GET ${path} HTTP/1.1\r\nHost: kura\r\n\r\n${garbage}`)
          expect(answers).to.contain('HTTP/1.1 ').and.not.contain(' 500 ')
        }
      expect(service.hasEnded()).to.equal(false)
      expect(service.output()).to.not.match(/"level":[56]0/)
    })
})
