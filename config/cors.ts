import type { CorsOptions } from 'cors'
import type { Config } from './env.ts'

/** Headers that a browser's script may read beside the simple ones. */
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

/** Browsers of the configured origins may call; tokens travel in a header, so no credentials are allowed. */
export function corsOptions({ origins }: Config['http']): CorsOptions {
  return {
    origin: origins[0] === '*' ? '*' : [...origins],
    exposedHeaders: EXPOSED,
    maxAge: 600,
  }
}
