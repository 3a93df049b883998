import type { CorsOptions } from 'cors'
import type { Config } from './env.ts'

/** Headers that a script in a browser can read, in addition to the safelisted ones (Fetch Standard). */
const EXPOSED = [
  'Accept-Ranges',
  'Content-Disposition',
  'Content-Length',
  'Content-Range',
  'ETag',
  'Location',
  'Retry-After',
  'X-Request-Id',
]

/** Allows requests from browsers of the configured origins, without cookies, because tokens are sent in a header. */
export function corsOptions({ origins }: Config['http']): CorsOptions {
  return {
    origin: origins[0] === '*' ? '*' : [...origins],
    exposedHeaders: EXPOSED,
    maxAge: 600,
  }
}
