import { runProcess, type ServiceProcess, waitForOutput, waitUntilListening } from '../app/process.ts'

type Loaded = Omit<ServiceProcess, 'origin'>

/** Context one after the other: while one works the next is loaded, which may take longer than a short life. */
export class Standby {
  #next: Promise<Loaded>

  constructor(private readonly env: Record<string, string>) {
    this.#next = this.#load()
  }

  /** Starts the next one; answers when it listens. */
  async start(): Promise<ServiceProcess> {
    const service = await this.#next
    service.writeLine('start')
    this.#next = this.#load()
    return waitUntilListening(service)
  }

  /** Ends the one that waits. */
  async close(): Promise<void> {
    const { signal, ended } = await this.#next
    signal('SIGKILL')
    await ended
  }

  async #load(): Promise<Loaded> {
    const service = runProcess(this.env, 'test/support/kill/standby-service.ts')
    await waitForOutput(service, /^Loaded\.$/m)
    return service
  }
}
