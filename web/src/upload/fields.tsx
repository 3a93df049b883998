import { useState } from 'preact/hooks'
import { Button } from '../design/button.tsx'
import { Select, TextArea, TextField } from '../design/field.tsx'
import { tell } from '../design/toast.tsx'
import { uploadText } from '../upload-text.ts'
import type { Fields, UploadItem } from './item.ts'
import type { UploadQueue } from './queue.ts'

/** Media types of preview pictures. */
const PICTURES = 'image/jpeg,image/png,image/webp,image/gif,image/avif'

/** The fields of an upload. What is typed is kept at once, and reaches the asset when it exists. */
export function FieldsOfOne({ item, queue }: { item: UploadItem; queue: UploadQueue }) {
  const { id, name, fields, picture } = item
  const edit = (change: Partial<Fields>) => queue.edit(id, change)
  return (
    <form class="upload-fields" onSubmit={(event) => event.preventDefault()}>
      <TextField
        label={uploadText.name}
        value={fields.name}
        placeholder={name}
        maxLength={200}
        autocomplete="off"
        onInput={({ currentTarget }) => edit({ name: currentTarget.value })}
      />
      <TextField
        label={uploadText.tags}
        hint={uploadText.tagsHint}
        value={fields.tags}
        autocomplete="off"
        onInput={({ currentTarget }) => edit({ tags: currentTarget.value })}
      />
      <Select
        label={uploadText.visibility}
        value={fields.visibility}
        options={Object.entries(uploadText.visibilities)}
        onChange={({ currentTarget }) => edit({ visibility: currentTarget.value as Fields['visibility'] })}
      />
      <TextField
        label={uploadText.picture}
        hint={picture ? uploadText.pictureSet(picture.name) : uploadText.pictureHint}
        type="file"
        accept={PICTURES}
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? []
          if (file) void queue.setPicture(id, file)
        }}
      />
      <TextArea
        label={uploadText.description}
        value={fields.description}
        maxLength={5000}
        onInput={({ currentTarget }) => edit({ description: currentTarget.value })}
      />
      <p class="meta">{uploadText.detailsHint}</p>
    </form>
  )
}

interface OfAll {
  queue: UploadQueue
  items: readonly UploadItem[]
  onDone: () => void
}

/** Fields that all uploads get. */
export function FieldsOfAll({ queue, items, onDone }: OfAll) {
  const [fields, setFields] = useState<Partial<Fields>>({})
  const [picture, setPicture] = useState<File | null>(null)
  const apply = () => {
    const given = Object.entries(fields).filter(([, value]) => value !== '')
    for (const { id } of items) {
      queue.edit(id, Object.fromEntries(given))
      if (picture) void queue.setPicture(id, picture)
    }
    tell(uploadText.applied(items.length))
    onDone()
  }
  return (
    <form
      class="upload-fields panel"
      onSubmit={(event) => {
        event.preventDefault()
        apply()
      }}
    >
      <TextField
        label={uploadText.tags}
        hint={uploadText.tagsHint}
        value={fields.tags ?? ''}
        autocomplete="off"
        onInput={({ currentTarget }) => setFields({ ...fields, tags: currentTarget.value })}
      />
      <Select
        label={uploadText.visibility}
        value={fields.visibility ?? ''}
        options={[['', uploadText.unchanged], ...Object.entries(uploadText.visibilities)]}
        onChange={({ currentTarget }) =>
          setFields({ ...fields, visibility: currentTarget.value as Fields['visibility'] })
        }
      />
      <TextField
        label={uploadText.picture}
        hint={uploadText.pictureHint}
        type="file"
        accept={PICTURES}
        onChange={({ currentTarget }) => setPicture(currentTarget.files?.[0] ?? null)}
      />
      <TextArea
        label={uploadText.description}
        value={fields.description ?? ''}
        maxLength={5000}
        onInput={({ currentTarget }) => setFields({ ...fields, description: currentTarget.value })}
      />
      <p class="meta">{uploadText.allHint}</p>
      <div class="end">
        <Button type="submit" variant="primary">
          {uploadText.applyToAll}
        </Button>
      </div>
    </form>
  )
}
