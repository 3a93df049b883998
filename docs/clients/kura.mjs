// Functions of the recipes for JavaScript. Works in browsers and in Node.

/** The service, and the headers of every request. */
export const kura = { url: 'http://localhost:8080', headers: {} }

/** Sends a request. Throws an error with `answer` and `err` if the answer is an error, and without them if there is none. */
export async function call(method, path, { headers, ...options } = {}) {
  const answer = await fetch(kura.url + path, {
    method,
    headers: { ...kura.headers, ...headers },
    ...options,
  })
  if (answer.ok) return answer
  // a proxy can send error pages that are no JSON
  const { err } = await answer.json().catch(() => ({}))
  throw Object.assign(new Error(err?.message ?? `status ${answer.status}`), { answer, err })
}

/** Returns `res` of an answer. */
export const read = async (path) => (await (await call('GET', path)).json()).res

/** Signs in. The next requests have the token. */
export async function signIn(login, password) {
  const answer = await call('POST', '/api/auth/login', { body: new URLSearchParams({ login, password }) })
  kura.headers.Authorization = `Bearer ${(await answer.json()).res.token}`
}

/** Uploads and returns the asset. It is stored once, also if the request is repeated. */
export async function upload(method, path, { headers, ...options }) {
  const all = { ...headers, 'Idempotency-Key': crypto.randomUUID() }
  // without `redirect`, Node keeps a copy of the whole body in memory
  const more = { ...options, headers: all, redirect: 'error' }
  const retryAfter = ({ answer }) => (answer ? answer.headers.get('Retry-After') : 1)
  return (await (await repeat(() => call(method, path, more), retryAfter)).json()).res.asset
}

/**
 * Sends an upload up to three times.
 *
 * @param retryAfter returns from an error the seconds to wait, nothing if it is final
 */
export async function repeat(send, retryAfter, attempts = 3) {
  try {
    return await send()
  } catch (error) {
    const seconds = retryAfter(error)
    if (!seconds || attempts === 1) throw error
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    return repeat(send, retryAfter, attempts - 1)
  }
}

/** Returns a form with fields and one file. */
export function formOf(fields, file, name) {
  const form = new FormData()
  for (const [field, value] of Object.entries(fields)) form.append(field, value)
  form.append('files', file, name)
  return form
}
