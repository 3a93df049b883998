import { text } from '../../text.ts'

/** The place of an asset that is being read, on its page and on that of a link. */
export function Skeleton() {
  return (
    <main id="content" class="asset-page" aria-busy="true">
      <div class="stage-place">
        <div class="stage" />
      </div>
      <div class="about about-skeleton">
        <p class="hidden-text" role="status">
          {text.loading}
        </p>
        {[36, 70, 40, 100, 90].map((percent) => (
          <div key={percent} class="skeleton" style={{ width: `${percent}%` }} />
        ))}
      </div>
    </main>
  )
}
