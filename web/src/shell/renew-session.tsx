import { session, useSession } from '../api/session.ts'
import { Button } from '../design/button.tsx'
import { Dialog } from '../design/dialog.tsx'
import { SignInForm } from '../pages/account/sign-in-form.tsx'
import { text } from '../text.ts'

/** Asks to sign in again when the session has ended. The page behind stays as it is, and its requests wait. */
export default function RenewSession() {
  const { ended, account } = useSession()
  if (!ended) return null
  return (
    <Dialog title={text.account.ended}>
      <p class="soft">{text.account.endedHint}</p>
      <SignInForm login={account?.username ?? ''} keep={null} />
      <Button variant="ghost" wide onClick={() => session.end()}>
        {text.account.leave}
      </Button>
    </Dialog>
  )
}
