import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/** The headers that ask for an upgrade, h2c included. */
const UPGRADING = new Set(['upgrade', 'http2-settings', 'connection'])

/**
 * Answers a request for an upgrade that is not offered, such as h2c, as an ordinary request (RFC 9110 §7.8: a server
 * may ignore Upgrade). A server with an `upgrade` listener gets every such request there, with its body unread, and
 * cannot return it to the parser: https://github.com/nodejs/node/issues/57054. So the request is put back onto its
 * connection without the upgrade headers, and the connection is announced to the server again. The connection closes
 * after the answer, because a client could otherwise repeat this expensive setup hundreds of times.
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
