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

/** Removes the uploads of the account from this browser. @param asks about unfinished ones; returns false if the user stays */
export async function leaveUploads(asks: boolean): Promise<boolean> {
  if (!hadUploads()) return true
  try {
    return await (await import('./leaving.ts')).leaving.leave(asks)
  } catch {
    // Without a connection the script can be missing. The uploads then end at the next sign-in of another account.
    return true
  }
}
