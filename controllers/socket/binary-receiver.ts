import { conflict } from '../../app/errors.ts'
import { Inflow } from './binary-body.ts'
import type { SocketLimits } from './limits.ts'

interface Options {
  limits: SocketLimits
  /** Holds the socket, or lets it go on. */
  hold: () => void
  release: () => void
  /** Bytes came that no upload takes; said once until an upload is asked for again. */
  refused: () => void
  /** More bytes came than may wait. */
  flooded: () => void
}

/** Where the binary frames of a socket go: into the one upload that runs, or nowhere. */
export class ByteDoor {
  #inflow: Inflow | null = null
  #stray = 0

  constructor(private readonly options: Options) {}

  /** Whether an upload runs. */
  get isTaken(): boolean {
    return this.#inflow !== null
  }

  /** Takes the door for an upload from its request on. @throws `conflict` while another has it */
  claim(): Inflow {
    if (this.#inflow) throw conflict('An upload runs on this socket already.')
    const { hold, release, limits } = this.options
    this.#inflow = new Inflow({ hold, release }, limits)
    this.#stray = 0
    return this.#inflow
  }

  /** The upload is over, one way or the other. */
  leave(inflow: Inflow): void {
    inflow.destroy()
    if (this.#inflow === inflow) this.#inflow = null
  }

  take(chunk: Buffer): void {
    const inflow = this.#inflow?.isComplete ? null : this.#inflow
    const { limits, refused, flooded } = this.options
    const ahead = (inflow ? inflow.readableLength : this.#stray) + chunk.length
    if (ahead > limits.aheadBytes) {
      this.fail(new Error('more bytes came than may wait'))
      flooded()
    } else if (inflow) inflow.receive(chunk)
    else {
      if (this.#stray === 0) refused()
      this.#stray += Math.max(1, chunk.length)
    }
  }

  /** The socket is lost, and with it what the upload still needs. */
  fail(reason: Error): void {
    this.#inflow?.destroy(reason)
  }
}
