const KEY = 'kura.uploads'

/** Remembers whether there are uploads, so that a page without any does not load the queue. */
export function rememberUploads(exist: boolean): void {
  try {
    if (exist) localStorage.setItem(KEY, '1')
    else localStorage.removeItem(KEY)
  } catch {
    // without storage there is no queue after a reload either
  }
}

/** Tells whether there were uploads when this browser last had a page open. */
export function hadUploads(): boolean {
  try {
    return localStorage.getItem(KEY) !== null
  } catch {
    return false
  }
}
