import type { Logger } from 'pino'
import type { Config } from '../../config/env.ts'
import { matchesOrigin, parseOrigin, whyNeverMatches } from '../../config/origins.ts'

/** Most refused origins that are logged. */
const MAX_LOGGED = 100

/** Decides which web origins can call the API from a browser: those of `CORS_ORIGINS`, and that of the service itself. */
export class OriginCheck {
  readonly #patterns: NonNullable<ReturnType<typeof parseOrigin>>[]
  readonly #logged = new Set<string>()
  /** Whether every origin can call the API. */
  readonly allowsAll: boolean

  constructor(private readonly context: { config: Pick<Config, 'http'>; log: Logger }) {
    const { origins } = context.config.http
    this.allowsAll = origins[0] === '*'
    this.#patterns = origins.flatMap((pattern) => parseOrigin(pattern) ?? [])
  }

  /**
   * Returns whether an origin can call the API. Logs each refused origin once.
   *
   * @param own origins of the service itself, as the client reached it
   */
  allows(origin: string, own: readonly string[] = []): boolean {
    if (this.allowsAll || own.includes(origin)) return true
    const parsed = parseOrigin(origin)
    if (parsed && this.#patterns.some((pattern) => matchesOrigin(pattern, parsed))) return true
    this.#logRefused(origin)
    return false
  }

  #logRefused(origin: string): void {
    if (!this.context.log.isLevelEnabled('debug')) return
    const shown = origin.slice(0, 300)
    if (this.#logged.size >= MAX_LOGGED || this.#logged.has(shown)) return
    this.#logged.add(shown)
    this.context.log.debug(
      { origin: shown },
      'CORS_ORIGINS does not allow this origin: its pages cannot read the answers. Add it to CORS_ORIGINS to allow it.',
    )
  }

  /** Logs a warning for each pattern that no origin can match. */
  warnOfPatterns(): void {
    for (const pattern of this.context.config.http.origins) {
      const reason = whyNeverMatches(pattern)
      if (reason) this.context.log.warn({ pattern }, `A pattern in CORS_ORIGINS can never match. ${reason}.`)
    }
  }
}
