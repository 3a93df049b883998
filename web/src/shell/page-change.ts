/**
 * Moves the focus to the heading of a new page, so that screen readers say it and Tab goes on from there. A page that has
 * focused a field of its own keeps that.
 */
export function focusPage(): void {
  const content = document.getElementById('content')
  if (!content || content.contains(document.activeElement)) return
  const heading = content.querySelector<HTMLElement>('h1') ?? content
  heading.setAttribute('tabindex', '-1')
  heading.focus({ preventScroll: true })
}

/** How long a page can take until it is as high as it was, in milliseconds. */
const RESTORE_MS = 10_000
/** For how many frames it must stay as high: the page before it can be shown first, and be high enough. */
const STEADY_FRAMES = 30

const addressOf = () => location.pathname + location.search

/**
 * Remembers how far each page was scrolled, and scrolls there again when one goes back to it. Browsers do this too early
 * for a page whose content comes from a query.
 */
export function keepScroll(): void {
  history.scrollRestoration = 'manual'
  const positions = new Map<string, number>()
  let stop = () => undefined as unknown
  addEventListener('scroll', () => positions.set(addressOf(), scrollY), { passive: true })
  addEventListener('popstate', () => {
    stop()
    stop = scrollWhenHighEnough(positions.get(addressOf()) ?? 0)
  })
  for (const event of ['wheel', 'keydown', 'pointerdown', 'touchstart'])
    addEventListener(event, () => stop(), { passive: true })
}

/** Returns a function that gives up. */
function scrollWhenHighEnough(top: number): () => void {
  const end = performance.now() + RESTORE_MS
  const address = addressOf()
  let frame = 0
  let steady = 0
  const attempt = () => {
    if (addressOf() !== address) return
    const isOver = performance.now() > end
    const isHighEnough = document.documentElement.scrollHeight - innerHeight >= top
    if (isHighEnough || isOver) scrollTo(0, top)
    steady = isHighEnough ? steady + 1 : 0
    if (!isOver && steady < STEADY_FRAMES) frame = requestAnimationFrame(attempt)
  }
  frame = requestAnimationFrame(attempt)
  return () => cancelAnimationFrame(frame)
}
