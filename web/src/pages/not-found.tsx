import compass from 'lucide-static/icons/compass.svg'
import { at } from '../base.ts'
import { ButtonLink } from '../design/button.tsx'
import { State } from '../design/states.tsx'
import { usePage } from '../shell/use-page.ts'
import { text } from '../text.ts'

export default function NotFound() {
  usePage(text.errors.notFound)
  return (
    <main id="content">
      <State icon={compass} title={text.errors.notFound} isPage>
        <p class="soft">{text.errors.notFoundHint}</p>
        <ButtonLink href={at('/')}>{text.errors.toAssets}</ButtonLink>
      </State>
    </main>
  )
}
