import { createServer, request, type Server } from 'node:http'
import { listen } from './http.ts'

export interface LossyRelay {
  origin: string
  /** Returns how many answers were lost. */
  lost(): number
  close(): void
}

/** Starts a relay that loses the first answer to each `Idempotency-Key`: it closes the connection of the client instead. */
export async function startLossyRelay(target: string): Promise<LossyRelay> {
  const seen = new Set<string>()
  const server: Server = createServer((req, res) => {
    const { method, headers } = req
    const key = headers['idempotency-key']
    const upstream = request(target + req.url, { method, headers }, (answer) => {
      if (typeof key === 'string' && answer.statusCode === 201 && !seen.has(key)) {
        seen.add(key)
        answer.resume()
        req.socket.destroy()
        return
      }
      // the rest of a refused request is read, so that the client reads the answer
      const { connection, ...rest } = answer.headers
      res.writeHead(answer.statusCode ?? 502, rest)
      answer.pipe(res)
    })
    upstream.on('error', () => (res.headersSent ? req.unpipe(upstream).resume() : res.destroy()))
    req.on('error', () => upstream.destroy()).pipe(upstream)
  })
  return {
    origin: await listen(server),
    lost: () => seen.size,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
