import { render } from 'preact'
import { App } from './app.tsx'
import { installPolicy } from './security.ts'

installPolicy()
const root = document.getElementById('app')
if (root) render(<App />, root)
