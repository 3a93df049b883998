import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Opens a TCP connection to a service. Ignores its errors, which the service causes on purpose. */
export async function rawConnection(origin: string): Promise<Socket> {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

const UPGRADE = [
  'GET /ws HTTP/1.1',
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==',
  '',
  '',
].join('\r\n')

/** Opens a WebSocket as a TCP socket after the handshake. The test writes the bytes of each frame. */
export async function rawWebSocket(origin: string): Promise<Socket> {
  const socket = await rawConnection(origin)
  socket.write(UPGRADE)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  if (!answer.toString('latin1').startsWith('HTTP/1.1 101 ')) throw new Error(String(answer))
  return socket
}

interface FrameOptions {
  /** 1 text, 2 binary, 8 close, 9 ping. */
  opcode?: number
  fin?: boolean
  /** The three reserved bits. */
  rsv?: number
  masked?: boolean
  /** Length in the header. Default: the length of the payload. */
  length?: number
}

/** Encodes a WebSocket frame, masked with zeros (RFC 6455 §5.2). */
export function frame(payload: Buffer | string, options: FrameOptions = {}): Buffer {
  const { opcode = 1, fin = true, rsv = 0, masked = true, length = Buffer.byteLength(payload) } = options
  const mask = masked ? 0x80 : 0
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  if (head.length === 2) head[1] = mask | length
  else if (head.length === 4) {
    head[1] = mask | 126
    head.writeUInt16BE(length, 2)
  } else {
    head[1] = mask | 127
    head.writeBigUInt64BE(BigInt(length), 2)
  }
  return Buffer.concat([head, Buffer.alloc(masked ? 4 : 0), Buffer.from(payload)])
}
