import { useLayoutEffect, useState } from 'preact/hooks'
import { Button } from '../design/button.tsx'
import { Dialog } from '../design/dialog.tsx'
import { formatBytes } from '../lib/format.ts'
import { MAX_FILES } from '../lib/limits.ts'
import { uploadText } from '../upload-text.ts'
import { intake, type Question } from './intake.ts'

/** Asks what becomes of a chosen folder. */
export function FolderQuestion() {
  const [question, setQuestion] = useState<Question | undefined>(intake.question)
  // an effect after the paint would miss a question that is asked before it
  useLayoutEffect(() => intake.subscribe(() => setQuestion(intake.question)), [])
  if (!question) return null
  const { name, files } = question
  const size = files.reduce((sum, { file }) => sum + file.size, 0)
  const fits = files.length <= MAX_FILES
  const answer = (as: 'one' | 'each' | null) => void intake.answer(question, as)
  return (
    <Dialog
      key={name}
      title={name === null ? uploadText.filesTitle : uploadText.folderTitle(name)}
      onClose={() => answer(null)}
    >
      <p>{uploadText.folderHint(files.length, formatBytes(size))}</p>
      <p class="soft">{fits ? uploadText.folderOneHint : uploadText.folderTooMany(MAX_FILES)}</p>
      <div class="actions">
        <Button variant={fits ? 'plain' : 'primary'} onClick={() => answer('each')}>
          {uploadText.folderEach}
        </Button>
        {fits && (
          <Button variant="primary" onClick={() => answer('one')}>
            {uploadText.folderAsOne(files.length)}
          </Button>
        )}
      </div>
    </Dialog>
  )
}
