import { render } from 'preact'
import { App } from './app.tsx'
import { installPolicy } from './security.ts'
import { keepScroll } from './shell/page-change.ts'
import { followTheme } from './shell/theme.tsx'

installPolicy()
followTheme()
keepScroll()
const root = document.getElementById('app')
if (root) render(<App />, root)
