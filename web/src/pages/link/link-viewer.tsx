import eye from 'lucide-static/icons/eye.svg'
import fileIcon from 'lucide-static/icons/file.svg'
import { useEffect, useState } from 'preact/hooks'
import type { Asset, AssetFile } from '../../api/client.ts'
import { toError } from '../../api/errors.ts'
import { assetText } from '../../asset-text.ts'
import { Button } from '../../design/button.tsx'
import { Icon } from '../../design/icon.tsx'
import { Notice } from '../../design/states.tsx'
import { formatBytes } from '../../lib/format.ts'
import { shareText } from '../../share-text.ts'
import { chooseFile, kindOf } from '../../viewer/kinds.ts'
import { Viewer } from '../../viewer/viewer.tsx'
import { fetchBytes } from './fetch-bytes.ts'

interface Props {
  asset: Asset
  password: string | null
  chosen: string | null
  onChoose: (fileId: string) => void
}

/**
 * Shows a preview picture, and the file itself after a click: reading a file can use one of the downloads of the link,
 * pictures use none.
 */
export function LinkViewer({ asset, password, chosen, onChoose }: Props) {
  const [files, setFiles] = useState<AssetFile[] | null>(null)
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<Error | null>(null)
  const picture = usePicture(asset, password)
  const first = chooseFile(asset.files)
  useEffect(() => () => revoke(files), [files])
  if (files)
    return (
      <Viewer
        files={files}
        shown={files.find(({ id }) => id === chosen) ?? chooseFile(files)}
        onChoose={onChoose}
      />
    )
  const open = async () => {
    setBusy(true)
    setError(null)
    try {
      setFiles(password === null || !first ? asset.files : await readFiles(asset.files, first, password))
    } catch (thrown) {
      setError(toError(thrown))
    }
    setBusy(false)
  }
  const kind = first && kindOf(first)
  return (
    <section class="stage" aria-label={assetText.viewer.title}>
      <div class="link-poster">
        {picture ? <img src={picture} alt="" /> : <Icon shapes={fileIcon} size={72} />}
        {error && <Notice kind="danger">{error.message}</Notice>}
        {kind ? (
          <div class="link-open">
            <Button icon={eye} variant="primary" busy={isBusy} onClick={open}>
              {shareText.linkPage.view(formatBytes(first.size))}
            </Button>
            <p>{shareText.linkPage.viewHint}</p>
          </div>
        ) : (
          <p class="link-open">{assetText.viewer.noneHint}</p>
        )}
      </div>
    </section>
  )
}

/** Reads the file, and for a model the files that it can name, because a viewer cannot send the password. */
async function readFiles(files: AssetFile[], first: AssetFile, password: string): Promise<AssetFile[]> {
  const read: AssetFile[] = []
  for (const file of kindOf(first) === 'model' ? files : [first]) {
    const blob = await (await fetchBytes(`${file.url}?inline=1`, password)).blob()
    read.push({ ...file, url: URL.createObjectURL(blob) })
  }
  return read
}

function revoke(files: AssetFile[] | null): void {
  for (const { url } of files ?? []) if (url.startsWith('blob:')) URL.revokeObjectURL(url)
}

/** Returns the address of the largest picture of the asset; null if it has none, or until it was read. */
function usePicture({ images, thumbnail }: Asset, password: string | null): string | null {
  const url = images[0]?.url ?? thumbnail
  const [read, setRead] = useState<string | null>(null)
  useEffect(() => {
    if (!url || password === null) return
    let address: string | null = null
    let isGone = false
    fetchBytes(url, password)
      .then((response) => response.blob())
      .then((blob) => {
        if (isGone) return
        address = URL.createObjectURL(blob)
        setRead(address)
      })
      // the page works without its picture
      .catch(() => undefined)
    return () => {
      isGone = true
      if (address) URL.revokeObjectURL(address)
    }
  }, [url, password])
  return password === null ? url : read
}
