import { session } from '../api/session.ts'
import { tell } from '../design/toast.tsx'
import { uploadText } from '../upload-text.ts'
import { intake } from './intake.ts'
import { type Choice, fromTransfer } from './sources.ts'
import type { TransferItem } from './transfer.ts'

/** Adds what was dropped or pasted to the queue. */
export async function takeTransfer(items: TransferItem[]): Promise<void> {
  try {
    await takeChoice(await fromTransfer(items))
  } catch {
    tell(uploadText.unreadable)
  }
}

/** Adds what the user chose to the queue, or keeps it until they have signed in. */
export async function takeChoice(choice: Choice, together = false): Promise<void> {
  const isSignedIn = session.account !== null
  await intake.take(choice, isSignedIn, together)
  if (!isSignedIn) tell(uploadText.signInFirst)
}
