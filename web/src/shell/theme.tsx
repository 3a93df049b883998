import monitor from 'lucide-static/icons/monitor.svg'
import moon from 'lucide-static/icons/moon.svg'
import sun from 'lucide-static/icons/sun.svg'
import { Icon } from '../design/icon.tsx'
import { readStored, useStored } from '../lib/stored.ts'
import { text } from '../text.ts'

const THEMES = ['system', 'light', 'dark'] as const
const ICONS = { system: monitor, light: sun, dark: moon }

/** Shows the page in the stored theme, also after another window changed it. */
export function followTheme(): void {
  showTheme(readStored('theme'))
  addEventListener('storage', ({ key, newValue }) => {
    if (key === 'kura.theme') showTheme(newValue)
  })
}

/** Sets the theme of the page; the one of the system if it is neither `light` nor `dark`. */
function showTheme(theme: string | null): void {
  const { dataset } = document.documentElement
  if (theme === 'light' || theme === 'dark') dataset.theme = theme
  else delete dataset.theme
}

/** Buttons that choose the theme of this browser. */
export function ThemeChoice() {
  const [theme, setTheme] = useStored('theme', THEMES)
  return (
    <fieldset class="themes">
      <legend class="hidden-text">{text.theme.title}</legend>
      {THEMES.map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={one === theme}
          onClick={(event) => {
            // the menu stays open, so that people see the choice
            event.stopPropagation()
            setTheme(one)
            showTheme(one)
          }}
        >
          <Icon shapes={ICONS[one]} size={16} />
          {text.theme[one]}
        </button>
      ))}
    </fieldset>
  )
}
