import type { SocketLimits } from './limits.ts'

interface Options {
  limits: Pick<SocketLimits, 'unreadBytes' | 'waitingBytes'>
  /** Stops reading the peer, or goes on. */
  hold: () => void
  release: () => void
  /** The peer has left too much unread. */
  overflow: () => void
}

/** What a message costs in memory besides its bytes, until it is written. */
const MESSAGE_OVERHEAD_BYTES = 512

/** Counts what is sent to a peer (answers, errors, events, pings) until the operating system has taken it. */
export class Outbox {
  /** In bytes, with the overhead of each message. */
  #unread = 0

  constructor(private readonly options: Options) {}

  /** Writes a message of so many bytes, or reports the overflow. Resolves when it is written or given up. */
  async send(bytes: number, write: (done: () => void) => void): Promise<void> {
    const { limits, hold, release, overflow } = this.options
    if (this.#unread > limits.unreadBytes) {
      overflow()
      return
    }
    const cost = bytes + MESSAGE_OVERHEAD_BYTES
    this.#unread += cost
    if (this.#unread > limits.waitingBytes) hold()
    await new Promise<void>((resolve) => write(resolve))
    this.#unread -= cost
    if (this.#unread <= limits.waitingBytes) release()
  }
}
