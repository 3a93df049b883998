import fileIcon from 'lucide-static/icons/file-x.svg'
import { useRef } from 'preact/hooks'
import { assetText } from '../asset-text.ts'
import { State } from '../design/states.tsx'
import ImageViewer from './image/image-viewer.tsx'
import { kindOf, type ViewedFile } from './kinds.ts'
import { lazyPart } from './lazy.tsx'
import { StageElement } from './tools.tsx'
import { Unshown } from './unshown.tsx'

interface ViewerProps {
  /** All files of the asset, because a model can name others. */
  files: readonly ViewedFile[]
  /** The file in the viewer; undefined if there is none. */
  shown: ViewedFile | undefined
  /** URL of a picture that is shown until the file has been loaded. */
  preview?: string | null
  /** Shows another file. Left out where the viewer has no choice. */
  onChoose?: (fileId: string) => void
  /** Reads the URLs of the files again, after which `files` has new ones. */
  renew?: () => Promise<unknown>
  /** Downloads a file. Left out where the page around the viewer offers it in another way. */
  onDownload?: (fileId: string) => Promise<void>
  /** Stores a picture of a model. Left out for users who cannot change the asset. */
  onPoster?: (picture: Blob) => Promise<void>
}

/** What each viewer gets. It is made new for another file, and keeps running when only the URL of the file is new. */
export interface FileProps extends Omit<ViewerProps, 'shown'> {
  file: ViewedFile
}

const VIEWERS = {
  // the most frequent kind, and small
  image: ImageViewer,
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
        ) : shown ? (
          <Unshown file={shown} onDownload={rest.onDownload} reason={assetText.viewer.noneHint} />
        ) : (
          <State icon={fileIcon} title={assetText.viewer.none}>
            <p>{assetText.viewer.empty}</p>
          </State>
        )}
      </StageElement.Provider>
    </section>
  )
}
