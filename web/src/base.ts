/** Path below which the service is published: empty, or segments with a `/` before each. */
export const BASE_PATH = new URL(document.baseURI).pathname.replace(/\/$/, '')

/** Returns the address of a path of the service, such as `/a/1` or `/api/assets`. */
export const at = (path: string): string => `${BASE_PATH}${path}`
