import fileIcon from 'lucide-static/icons/file-x.svg'
import { useRef } from 'preact/hooks'
import { assetText } from '../asset-text.ts'
import { State } from '../design/states.tsx'
import { kindOf, type ViewedFile } from './kinds.ts'
import { lazyPart } from './lazy.tsx'
import { StageElement } from './tools.tsx'

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

/** What each viewer gets. It is made new for another file, and keeps running when only the URL of the file is new. */
export interface FileProps extends Omit<ViewerProps, 'shown'> {
  file: ViewedFile
}

const VIEWERS = {
  image: lazyPart<FileProps>(() => import('./image/image-viewer.tsx')),
  video: lazyPart<FileProps>(() => import('./media-viewer.tsx')),
  audio: lazyPart<FileProps>(() => import('./media-viewer.tsx')),
  pdf: lazyPart<FileProps>(() => import('./pdf/pdf-viewer.tsx')),
  text: lazyPart<FileProps>(() => import('./text/text-viewer.tsx')),
  model: lazyPart<FileProps>(() => import('./model/model-viewer.tsx')),
}

/** Shows a file of an asset as its format needs it. Fills the element around it. */
export function Viewer({ shown, ...rest }: ViewerProps) {
  const stage = useRef<HTMLElement>(null)
  const kind = shown && kindOf(shown)
  const Part = kind ? VIEWERS[kind] : null
  return (
    <section class="stage" aria-label={assetText.viewer.title} ref={stage}>
      <StageElement.Provider value={stage}>
        {shown && Part ? (
          <Part key={shown.id} file={shown} {...rest} />
        ) : (
          <State icon={fileIcon} title={assetText.viewer.none}>
            <p>{shown ? assetText.viewer.noneHint : assetText.viewer.empty}</p>
          </State>
        )}
      </StageElement.Provider>
    </section>
  )
}
