import ipaddr from 'ipaddr.js'

/** The client of a request, for limits and for the audit log. */
export interface ClientInfo {
  address: string | undefined
  userAgent: string | undefined
  /** Recorded in activities. */
  requestId?: string
  /** Aborts when the connection closes: queued work of the request is dropped. */
  signal?: AbortSignal
}

/** Returns an address without the IPv6 form of IPv4 addresses, which sockets for both families use (RFC 4291 §2.5.5.2). */
export function plainAddress(address: string | undefined): string | undefined {
  if (!address?.includes(':') || !ipaddr.isValid(address)) return address
  const ip = ipaddr.process(address)
  return ip instanceof ipaddr.IPv4 ? ip.toString() : address
}

/** An address with a port, as some proxies write it into X-Forwarded-For. */
const WITH_PORT = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/

/**
 * Returns the key by which limits count a client: an IPv4 address, or the /64 network of an IPv6 address, because one
 * subscriber gets at least a /64 network (RFC 6177). IPv4-mapped (RFC 4291 §2.5.5.2) and NAT64 (RFC 6052) addresses count
 * as IPv4 addresses.
 */
export function addressKey(address = ''): string {
  const [, bracketed, withPort] = WITH_PORT.exec(address) ?? []
  const bare = bracketed ?? withPort ?? address
  if (!ipaddr.isValid(bare)) return 'unknown'
  const ip = ipaddr.process(bare)
  if (ip instanceof ipaddr.IPv4) return ip.toString()
  if (ip.range() === 'rfc6052') return ip.toByteArray().slice(12).join('.')
  return `${new ipaddr.IPv6([...ip.parts.slice(0, 4), 0, 0, 0, 0])}/64`
}
