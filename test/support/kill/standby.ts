import { runProcess, type ServiceProcess, waitForOutput, waitUntilListening } from '../app/process.ts'

type Loaded = Omit<ServiceProcess, 'origin'>

/** Starts services one after another. Loads the next process while one runs, because loading can take longer than a life. */
export class Standby {
  #next: Promise<Loaded>

  constructor(private readonly env: Record<string, string>) {
    this.#next = this.#load()
  }

  /** Starts the next process. Resolves when it listens. */
  async start(): Promise<ServiceProcess> {
    const service = await this.#next
    service.writeLine('start')
    this.#next = this.#load()
    return waitUntilListening(service)
  }

  /** Kills the process that waits. */
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
