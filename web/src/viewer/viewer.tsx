import fileIcon from 'lucide-static/icons/file-x.svg'
import { useRef } from 'preact/hooks'
import { State } from '../design/states.tsx'
import { text } from '../text.ts'
import type { ViewedFile } from './kinds.ts'

export interface ViewerProps {
  /** All files of the asset, because a model can name others. */
  files: readonly ViewedFile[]
  /** The file in the viewer; undefined if there is none. */
  shown: ViewedFile | undefined
  /** Shows another file. Left out where the viewer has no choice. */
  onChoose?: (fileId: string) => void
  /** Reads the URLs of the files again, after which `files` has new ones. */
  renew?: () => Promise<unknown>
  /** Stores a picture of a model. Left out for users who cannot change the asset. */
  onPoster?: (picture: Blob) => Promise<void>
}

/** Shows a file of an asset as its format needs it. Fills the element around it. */
export function Viewer({ shown }: ViewerProps) {
  const stage = useRef<HTMLElement>(null)
  return (
    <section class="stage" aria-label={text.viewer.title} ref={stage}>
      <State icon={fileIcon} title={text.viewer.none}>
        <p>{shown ? text.viewer.noneHint : text.viewer.empty}</p>
      </State>
    </section>
  )
}
