import { useEffect, useState } from 'preact/hooks'
import { Button } from '../design/button.tsx'
import { Dialog } from '../design/dialog.tsx'
import { formatBytes } from '../lib/format.ts'
import { MAX_FILES } from '../lib/limits.ts'
import { pageText } from '../page-text.ts'
import { intake, type Question } from './intake.ts'

/** Asks what becomes of a chosen folder. */
export function FolderQuestion() {
  const [question, setQuestion] = useState<Question | undefined>(intake.question)
  useEffect(() => intake.subscribe(() => setQuestion(intake.question)), [])
  if (!question) return null
  const { name, files } = question
  const size = files.reduce((sum, { file }) => sum + file.size, 0)
  const fits = files.length <= MAX_FILES
  const answer = (as: 'one' | 'each' | null) => void intake.answer(question, as)
  return (
    <Dialog key={name} title={pageText.upload.folderTitle(name)} onClose={() => answer(null)}>
      <p>{pageText.upload.folderHint(files.length, formatBytes(size))}</p>
      <p class="soft">{fits ? pageText.upload.folderOneHint : pageText.upload.folderTooMany(MAX_FILES)}</p>
      <div class="actions">
        <Button variant={fits ? 'plain' : 'primary'} onClick={() => answer('each')}>
          {pageText.upload.folderEach}
        </Button>
        {fits && (
          <Button variant="primary" onClick={() => answer('one')}>
            {pageText.upload.folderAsOne(files.length)}
          </Button>
        )}
      </div>
    </Dialog>
  )
}
