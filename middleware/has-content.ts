import type { IncomingMessage } from 'node:http'

/** Whether a request brings content (RFC 9112 §6.3). */
export function hasContent({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
