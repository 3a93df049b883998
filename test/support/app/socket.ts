import { once } from 'node:events'
import WebSocket, { type ClientOptions } from 'ws'
import { eventually } from '../eventually.ts'

/** The fields of answers and events that tests read. */
export interface Message {
  id?: unknown
  status?: 'success' | 'error'
  res?: Record<string, unknown> & { asset?: SocketAsset; assets?: SocketAsset[]; user?: { id: string } }
  err?: { code: string; message: string; details?: { field: string; message: string }[]; requestId: string }
  event?: string
  asset?: SocketAsset
  space?: Record<string, number>
  received?: number
  size?: number
}

interface SocketAsset {
  id: string
  name: string
  access: string
  owner: object | null
  version: number
  size: number
  files: { sha256: string; name: string; mediaType: string }[]
}

const openClients = new Set<SocketClient>()

/** A client of `/ws` that keeps every message it receives. */
export class SocketClient {
  readonly messages: Message[] = []
  /** Resolves when the connection is closed. */
  readonly closed: Promise<{ code: number; reason: string }>
  #count = 0

  private constructor(readonly socket: WebSocket) {
    openClients.add(this)
    socket.on('message', (data) => this.messages.push(JSON.parse(String(data))))
    socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        openClients.delete(this)
        resolve({ code, reason: reason.toString() })
      })
    })
  }

  static async open(origin: string, options: ClientOptions = {}): Promise<SocketClient> {
    const socket = new WebSocket(`${origin.replace(/^http/, 'ws')}/ws`, options)
    const client = new SocketClient(socket)
    await once(socket, 'open')
    return client
  }

  /** Opens a connection and signs it in. */
  static async signedIn(origin: string, token: string, { subscribe = false } = {}): Promise<SocketClient> {
    const client = await SocketClient.open(origin)
    await client.expect('auth', { token })
    if (subscribe) await client.expect('subscribe')
    return client
  }

  get events(): Message[] {
    return this.messages.filter(({ event }) => event !== undefined)
  }

  eventsOf(name: string): Message[] {
    return this.events.filter(({ event }) => event === name)
  }

  send(frame: unknown): void {
    this.socket.send(Buffer.isBuffer(frame) ? frame : JSON.stringify(frame))
  }

  /** Sends an operation and returns its answer. */
  ask(op: string, args?: object): Promise<Message> {
    return this.answerTo(this.begin(op, args))
  }

  /** Sends an operation and returns its id. */
  begin(op: string, args?: object): string {
    this.#count += 1
    const id = `${op}-${this.#count}`
    this.send({ id, op, ...(args ? { args } : {}) })
    return id
  }

  answerTo(id: unknown): Promise<Message> {
    return this.find((message) => message.status !== undefined && message.id === id)
  }

  /** Returns the first message that matches, also one that arrives later. */
  find(wanted: (message: Message) => boolean): Promise<Message> {
    return eventually(() => {
      const found = this.messages.find(wanted)
      if (!found) throw new Error(`no such message among ${JSON.stringify(this.messages)}`)
      return found
    }, 15_000)
  }

  /** Sends an operation that must succeed and returns its result. */
  async expect(op: string, args?: object): Promise<NonNullable<Message['res']>> {
    const { res, err } = await this.ask(op, args)
    if (!res) throw new Error(`${op} was refused: ${JSON.stringify(err)}`)
    return res
  }

  /** Uploads a file: waits for `upload.ready`, sends the bytes and returns the answer. */
  async upload(bytes: Buffer, args: object, frameBytes = 64 * 1024): Promise<Message> {
    const id = this.begin('upload', { size: bytes.length, ...args })
    const first = await this.find((message) => message.id === id)
    if (first.event !== 'upload.ready') return first
    for (let from = 0; from < bytes.length; from += frameBytes)
      this.socket.send(bytes.subarray(from, from + frameBytes))
    return this.answerTo(id)
  }

  close(): void {
    this.socket.close()
  }
}

/** Terminates the connections that a test has left open. */
export async function closeSockets(): Promise<void> {
  await Promise.all(
    [...openClients].map((client) => {
      client.socket.terminate()
      return client.closed
    }),
  )
}
