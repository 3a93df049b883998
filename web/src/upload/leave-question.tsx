import { useLayoutEffect, useState } from 'preact/hooks'
import { Button } from '../design/button.tsx'
import { Dialog } from '../design/dialog.tsx'
import { uploadText } from '../upload-text.ts'
import { leaving } from './leaving.ts'

/** Asks users who sign out while uploads are not finished. */
export function LeaveQuestion() {
  const [question, setQuestion] = useState(leaving.question)
  // an effect after the paint would miss a question that is asked before it
  useLayoutEffect(() => leaving.subscribe(() => setQuestion(leaving.question)), [])
  if (!question) return null
  const { count, answer } = question
  return (
    <Dialog title={uploadText.leaveTitle} onClose={() => answer(false)}>
      <p>{uploadText.leaveHint(count)}</p>
      <div class="actions">
        <Button onClick={() => answer(false)}>{uploadText.stay}</Button>
        <Button variant="danger" onClick={() => answer(true)}>
          {uploadText.leaveAnyway}
        </Button>
      </div>
    </Dialog>
  )
}
