import wrapIcon from 'lucide-static/icons/wrap-text.svg'
import { useEffect, useState } from 'preact/hooks'
import { toError } from '../../api/errors.ts'
import { assetText } from '../../asset-text.ts'
import { Button } from '../../design/button.tsx'
import { ErrorState } from '../../design/states.tsx'
import { formatBytes } from '../../lib/format.ts'
import { useStored } from '../../lib/stored.ts'
import { readBytes } from '../bytes.ts'
import { Waiting } from '../lazy.tsx'
import { Tools } from '../tools.tsx'
import type { FileProps } from '../viewer.tsx'
import { linesOf, MAX_TEXT_BYTES } from './decode.ts'

/** Lines that the browser lays out together, when they come into view. */
const BLOCK = 200

/** The beginning of a text file, as text: markup in it is not read. */
export default function TextViewer({ file }: FileProps) {
  const [content, setContent] = useState<ReturnType<typeof linesOf> | null>(null)
  const [error, setError] = useState<Error | null>(null)
  const [attempt, setAttempt] = useState(0)
  const [wrap, setWrap] = useStored('wrap', ['off', 'on'])
  useEffect(() => {
    const abort = new AbortController()
    setError(null)
    readBytes(file, { signal: abort.signal, limit: MAX_TEXT_BYTES }).then(
      (bytes) => setContent(linesOf(bytes, file.size)),
      (thrown) => !abort.signal.aborted && setError(toError(thrown)),
    )
    return () => abort.abort()
  }, [file.id, attempt])
  if (error) return <ErrorState error={error} onRetry={() => setAttempt(attempt + 1)} />
  if (!content) return <Waiting />
  const blocks = Array.from({ length: Math.ceil(content.lines.length / BLOCK) }, (_, index) =>
    content.lines.slice(index * BLOCK, (index + 1) * BLOCK),
  )
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms */}
      <div
        class={`text ${wrap === 'on' ? 'wraps' : ''}`}
        role="group"
        aria-label={file.name}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls by keys
        tabIndex={0}
      >
        <pre>
          {blocks.map((lines, index) => (
            <div key={index} class="block" style={{ containIntrinsicHeight: `${lines.length * 20}px` }}>
              {lines.map((line, place) => (
                <span key={place} data-line={index * BLOCK + place + 1}>
                  {line}
                  {'\n'}
                </span>
              ))}
            </div>
          ))}
        </pre>
      </div>
      {content.shown < file.size && (
        <p class="stage-note">
          {assetText.viewer.cut(formatBytes(content.shown), formatBytes(file.size), content.lines.length)}
        </p>
      )}
      <Tools>
        <Button
          variant="ghost"
          square
          icon={wrapIcon}
          aria-pressed={wrap === 'on'}
          onClick={() => setWrap(wrap === 'on' ? 'off' : 'on')}
        >
          {assetText.viewer.wrap}
        </Button>
      </Tools>
    </>
  )
}
