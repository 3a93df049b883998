import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { expect } from 'chai'
import { pino } from 'pino'
import { drain, RunningRequests, shutDown } from '../../../app/lifecycle/shutdown.ts'
import { listen } from '../../support/app/http.ts'

const log = pino({ level: 'silent' })

describe('shutDown', () => {
  it('shutDown – one phase fails, one hangs → all run in order', async () => {
    const ran: string[] = []
    const phase = (name: string, run: () => unknown = () => undefined) => ({
      name,
      limitMs: 20,
      run: () => {
        ran.push(name)
        return run()
      },
    })
    await shutDown(
      [
        phase('first'),
        phase('fails', () => Promise.reject(new Error('no'))),
        phase('throws', () => {
          throw new Error('no')
        }),
        phase('hangs', () => new Promise(() => undefined)),
        phase('last'),
      ],
      log,
    )
    expect(ran).to.deep.equal(['first', 'fails', 'throws', 'hangs', 'last'])
  })
})

describe('drain', () => {
  let server: Server
  let running: RunningRequests
  let origin: string
  let answers: ServerResponse[]

  /** Begins a request whose answer is running: the headers and the first bytes have arrived. */
  const begin = async (): Promise<[IncomingMessage, ServerResponse]> => {
    const [answer] = (await once(get(origin, { agent: false }), 'response')) as [IncomingMessage]
    const response = answers.at(-1)
    if (!response) throw new Error('the server has seen no request')
    return [answer, response]
  }

  beforeEach(async () => {
    answers = []
    server = createServer((_req, res) => {
      answers.push(res)
      res.write('begun')
    })
    running = new RunningRequests(server)
    origin = await listen(server)
  })

  it('drain – many running answers → ends with the last one', async () => {
    const [[, first], [, second]] = [await begin(), await begin()]
    let drained = false
    const draining = drain(server, running, 10_000).then(() => {
      drained = true
    })
    first.end()
    await once(first, 'close')
    expect([drained, server.listening]).to.deep.equal([false, true])
    second.end()
    await draining
    expect(server.listening).to.equal(false)
  })

  it('drain – answer not ended in time → connection closed', async () => {
    const [answer] = await begin()
    const cut = once(answer, 'error')
    answer.resume()
    await drain(server, running, 20)
    const [error] = await cut
    expect(error).to.have.property('code', 'ECONNRESET')
    expect(server.listening).to.equal(false)
  })
})
