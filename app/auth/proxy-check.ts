import type { IncomingHttpHeaders } from 'node:http'
import type { Logger } from 'pino'
import proxyAddr from 'proxy-addr'
import type { Config } from '../../config/env.ts'

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'] as const

/**
 * Detects a proxy in front of a service that trusts no proxy. All clients then have the proxy's address and share the
 * limits of one client.
 */
export class ProxyCheck {
  /** Whether a request had a proxy's header although no proxy is trusted. */
  isIgnored = false

  constructor(private readonly context: { config: Pick<Config, 'http'>; log: Logger }) {}

  /** Searches the headers of a request for those of a proxy. Logs a warning the first time it finds one. */
  inspect(headers: IncomingHttpHeaders): void {
    if (this.isIgnored || this.context.config.http.trustProxy !== 0) return
    const header = FORWARDED.find((name) => headers[name] !== undefined)
    if (!header) return
    this.isIgnored = true
    this.context.log.warn(
      { header },
      'A proxy sends forwarded headers, but TRUST_PROXY is 0: all its clients share one address and its limits. Set TRUST_PROXY to the number of proxies.',
    )
  }
}

/** Returns whether an address is a trusted proxy; `hop` is its distance, 0 for the peer of the connection. */
export type ProxyTrust = (address: string, hop: number) => boolean

/** Returns the rule of TRUST_PROXY in the form that Express ("trust proxy") and `proxyAddr` take. */
export const proxyTrust = (trustProxy: Config['http']['trustProxy']): ProxyTrust =>
  typeof trustProxy === 'number' ? (_address, hop) => hop < trustProxy : proxyAddr.compile(trustProxy)
