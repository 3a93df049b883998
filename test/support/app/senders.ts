import { connect } from 'node:net'
import { outputOf } from '../programs.ts'

/** A request with a body. */
export interface BodyRequest {
  method: string
  path: string
  headers: Record<string, string>
}

interface SeenAnswer {
  status: number
  /** The error code. */
  code: string | undefined
}

/** Sends a request as one kind of client does, and returns the answer that it reads. */
export type Send = (origin: string, request: BodyRequest, body: Buffer) => Promise<SeenAnswer>

const PIECE_BYTES = 65_536

const codeOf = (text: string): string | undefined => JSON.parse(text).err?.code

/** Yields a body in pieces, as a browser or a script streams a file. */
async function* pieces(body: Buffer) {
  for (let at = 0; at < body.length; at += PIECE_BYTES) yield body.subarray(at, at + PIECE_BYTES)
}

/** `fetch` with a stream: no `Content-Length`. */
export const byFetch: Send = async (origin, { method, path, headers }, body) => {
  const request = { method, headers, body: ReadableStream.from(pieces(body)), duplex: 'half' }
  const answer = await fetch(`${origin}${path}`, request as unknown as RequestInit)
  return { status: answer.status, code: codeOf(await answer.text()) }
}

export const byFetchWithLength: Send = async (origin, { method, path, headers }, body) => {
  const answer = await fetch(`${origin}${path}`, { method, headers, body: new Uint8Array(body) })
  return { status: answer.status, code: codeOf(await answer.text()) }
}

/** Writes the whole request before it reads the answer. */
export const bySocket: Send = (origin, { method, path, headers }, body) =>
  new Promise((resolve, reject) => {
    const { port } = new URL(origin)
    const socket = connect({ port: Number(port), host: '127.0.0.1' })
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    const head = [`${method} ${path} HTTP/1.1`, 'Host: a', `Content-Length: ${body.length}`, ...lines, '', '']
    let text = ''
    const decide = () => {
      const [first = '', content = ''] = text.split('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(first)?.[1])
      if (content.length < length || !content) return
      socket.destroy()
      resolve({ status: Number(first.slice(9, 12)), code: codeOf(content) })
    }
    socket.setEncoding('latin1').on('error', reject)
    socket.on('close', () => reject(new Error(`closed after ${JSON.stringify(text)}`)))
    socket.pause()
    socket.write(Buffer.concat([Buffer.from(head.join('\r\n')), body]), () => {
      socket.on('data', (part: string) => {
        text += part
        decide()
      })
      socket.resume()
    })
  })

/**
 * curl, which reads the body from its standard input.
 *
 * @param options further arguments
 */
export const byCurl =
  (...options: string[]): Send =>
  async (origin, { method, path, headers }, body) => {
    const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
    const how = [
      '-q',
      '-sS',
      '-X',
      method,
      '--data-binary',
      '@-',
      '-w',
      '\n%{http_code}',
      ...lines,
      ...options,
    ]
    const output = await outputOf('curl', [...how, `${origin}${path}`], { input: body })
    const [text = '', status] = output.split(/\n(?=\d+$)/)
    return { status: Number(status), code: codeOf(text) }
  }
