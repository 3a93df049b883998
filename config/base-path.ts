import { makeValidator } from 'envalid'

/** First segments of the paths of the service. A base path cannot begin with one, because requests come without it too. */
export const FIRST_SEGMENTS: readonly string[] = [
  ...['api', 'docs', 'healthz', 'metrics', 'openapi.json', 'readyz', 'ws'],
  // of the compatibility routes
  ...['base', 'change-password', 'collections', 'images', 'login', 'overlay', 'sign-in', 'sign-out'],
  ...['sign-up', 'uploads', 'user'],
  // of the web client
  ...['a', 'account', 'admin', 'c', 'embed', 'invite', 'register', 'reset', 's', 'trash', 'upload', 'web'],
]

/** Most characters of a base path. */
const MAX_BASE_PATH_LENGTH = 200

/** Parses the path below which clients reach the service. Returns it without a `/` at its end. */
export const basePath = makeValidator<string>((input) => {
  const path = input.replace(/\/$/, '')
  const segments = path.split('/').slice(1)
  const isValid =
    path.length <= MAX_BASE_PATH_LENGTH &&
    (path === '' || path.startsWith('/')) &&
    segments.every((segment) => /^[\w.~-]+$/.test(segment) && !/^\.+$/.test(segment))
  if (!isValid)
    throw new TypeError(
      `must be a path such as /kura: segments of letters, digits and -._~ with one / before each, at most ${MAX_BASE_PATH_LENGTH} characters`,
    )
  const [first = ''] = segments
  if (FIRST_SEGMENTS.includes(first.toLowerCase()))
    throw new TypeError(`must not begin with /${first}, because the service has a route there`)
  return path
})
