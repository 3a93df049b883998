/**
 * Loads the page again after a build. It is in builds of `npm run dev` only. While the service restarts, nothing happens.
 */
const INTERVAL_MS = 1000

/** Returns the names of the scripts and styles of the current build; null if the service does not answer. */
async function readBuild(): Promise<string | null> {
  const answer = await fetch(document.baseURI, { headers: { Accept: 'text/html' } }).catch(() => null)
  return answer?.ok ? ((await answer.text()).match(/web\/[\w-]+\.(?:js|css)/g) ?? []).join() : null
}

export {}

const first = await readBuild()
setInterval(async () => {
  if (document.visibilityState !== 'visible') return
  const build = await readBuild()
  if (first && build && build !== first) location.reload()
}, INTERVAL_MS)
