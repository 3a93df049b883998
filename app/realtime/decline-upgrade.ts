import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/** What asks for an upgrade in a request's headers, h2c's too. */
const UPGRADING = new Set(['upgrade', 'http2-settings', 'connection'])

/**
 * Answers a request that asks for an upgrade we do not give as the ordinary request that it is as well
 * (RFC 9110 §7.8: a server may ignore Upgrade). Node hands such a request over half read as soon as anybody
 * listens for upgrades: it is put back onto its connection without the wish. It is the last of its connection:
 * hundreds of such requests one behind the other would each set the connection up again.
 */
export function serveWithoutUpgrade(
  server: Server,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const { method, url, httpVersion, rawHeaders } = request
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let n = 0; n < rawHeaders.length; n += 2)
    if (!UPGRADING.has(String(rawHeaders[n]).toLowerCase()))
      lines.push(`${rawHeaders[n]}: ${rawHeaders[n + 1]}`)
  lines.push('Connection: close', '', '')
  socket.unshift(Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), head]))
  server.emit('connection', socket)
}
