/** Headers of answers that a script in a browser can read, in addition to the safelisted ones (Fetch Standard). */
export const EXPOSED_HEADERS = [
  'Accept-Patch',
  'Accept-Ranges',
  'Allow',
  'Content-Digest',
  'Content-Disposition',
  'Content-Length',
  'Content-Range',
  'ETag',
  'Last-Modified',
  'Location',
  'Retry-After',
  'Vary',
  'WWW-Authenticate',
  'X-Request-Id',
]

/** Seconds for which a browser can store the answer to a preflight. Chromium stores it for 7,200 s at most. */
export const PREFLIGHT_SECONDS = 7200

/** The origins that can call the API in development: pages on the same machine. */
export const DEVELOPMENT_ORIGINS = ['http://localhost:*', 'http://127.0.0.1:*']
