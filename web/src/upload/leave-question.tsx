import { useEffect, useState } from 'preact/hooks'
import { Button } from '../design/button.tsx'
import { Dialog } from '../design/dialog.tsx'
import { pageText } from '../page-text.ts'
import { leaving } from './leaving.ts'

/** Asks users who sign out while uploads are not finished. */
export function LeaveQuestion() {
  const [question, setQuestion] = useState(leaving.question)
  useEffect(() => leaving.subscribe(() => setQuestion(leaving.question)), [])
  if (!question) return null
  const { count, answer } = question
  return (
    <Dialog title={pageText.upload.leaveTitle} onClose={() => answer(false)}>
      <p>{pageText.upload.leaveHint(count)}</p>
      <div class="actions">
        <Button onClick={() => answer(false)}>{pageText.upload.stay}</Button>
        <Button variant="danger" onClick={() => answer(true)}>
          {pageText.upload.leaveAnyway}
        </Button>
      </div>
    </Dialog>
  )
}
