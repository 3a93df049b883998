import cloud from 'lucide-static/icons/cloud-upload.svg'
import fileIcon from 'lucide-static/icons/file.svg'
import folderIcon from 'lucide-static/icons/folder-open.svg'
import { Button } from '../../design/button.tsx'
import { Select } from '../../design/field.tsx'
import { Icon, type Shapes } from '../../design/icon.tsx'
import { Notice } from '../../design/states.tsx'
import { useStored } from '../../lib/stored.ts'
import { NeedSession } from '../../shell/need-session.tsx'
import { usePage } from '../../shell/use-page.ts'
import { DetailsOfAll, QueueButtons, SummaryLine, UploadList } from '../../upload/list.tsx'
import { fromHandles, fromInput } from '../../upload/sources.ts'
import { takeChoice } from '../../upload/take-transfer.ts'
import { useSummary, useUploads } from '../../upload/use-uploads.ts'
import { uploadText } from '../../upload-text.ts'

/** The page on which files are chosen, and the whole queue. */
export default function UploadPage() {
  usePage(uploadText.title)
  return (
    <NeedSession>
      <Upload />
    </NeedSession>
  )
}

function Upload() {
  const { queue, items } = useUploads()
  const summary = useSummary(items)
  return (
    <main id="content" class="upload-page">
      <h1>{uploadText.title}</h1>
      <Chooser />
      {queue && items.length > 0 && (
        <section aria-label={uploadText.panel}>
          <div class="queue-head">
            <SummaryLine summary={summary} count={items.length} />
            <QueueButtons queue={queue} items={items} />
            <DetailsOfAll queue={queue} items={items} />
          </div>
          {queue.isHeld && <Notice>{uploadText.held}</Notice>}
          <div class="panel">
            <UploadList queue={queue} items={items} />
          </div>
        </section>
      )}
    </main>
  )
}

type Picker = (options: { multiple: boolean }) => Promise<FileSystemFileHandle[]>

function Chooser() {
  const [several, setSeveral] = useStored('uploads-several', ['each', 'together'])
  const isTogether = several === 'together'
  const picker = (globalThis as { showOpenFilePicker?: Picker }).showOpenFilePicker
  const chooseLarge = async () => {
    // null: the user chose nothing
    const handles = await picker?.({ multiple: true }).catch(() => null)
    if (handles) await takeChoice(await fromHandles(handles), isTogether)
  }
  const take = (files: File[]) => void takeChoice(fromInput(files), isTogether)
  return (
    <div class="chooser">
      <Icon shapes={cloud} size={40} />
      <h2>{uploadText.dropTitle}</h2>
      <p class="soft">{uploadText.dropHint}</p>
      <div class="ways">
        <FileInput label={uploadText.chooseFiles} icon={fileIcon} isPrimary onChoose={take} />
        <FileInput label={uploadText.chooseFolder} icon={folderIcon} isFolder onChoose={take} />
        {picker && <Button onClick={() => void chooseLarge()}>{uploadText.chooseLarge}</Button>}
      </div>
      {picker && <p class="soft small">{uploadText.chooseLargeHint}</p>}
      <Select
        label={uploadText.several}
        value={several}
        options={Object.entries(uploadText.severalChoices)}
        onChange={({ currentTarget }) => setSeveral(currentTarget.value as 'each' | 'together')}
      />
    </div>
  )
}

interface FileInputProps {
  label: string
  icon: Shapes
  isFolder?: boolean
  isPrimary?: boolean
  onChoose: (files: File[]) => void
}

function FileInput({ label, icon, isFolder = false, isPrimary = false, onChoose }: FileInputProps) {
  return (
    <label class={`button file ${isPrimary ? 'primary' : ''}`}>
      <Icon shapes={icon} size={18} />
      {label}
      <input
        type="file"
        multiple
        {...(isFolder && { webkitdirectory: true })}
        onChange={({ currentTarget }) => {
          onChoose([...(currentTarget.files ?? [])])
          // the same file can be chosen again
          currentTarget.value = ''
        }}
      />
    </label>
  )
}
