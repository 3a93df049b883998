// `npm run dev`: starts a service from its sources and builds the web client. Both restart after every change of a source
// file, and open pages load again.
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { bundleWeb } from './bundle-web.js'

// this build of the web client is not for production: the next `npm start` makes its own
rmSync('dist/sources.json', { force: true })
await bundleWeb('dist/web', { watch: true })
// without npx, so that the signals below reach tsx itself
const service = spawn(
  process.execPath,
  ['node_modules/tsx/dist/cli.mjs', 'watch', '--clear-screen=false', 'server.ts'],
  {
    stdio: 'inherit',
  },
)
// esbuild still watches, so the process has to be ended
service.once('exit', (code) => process.exit(code ?? 1))
// Ctrl+C reaches the service by itself; other programs send a signal to this process only
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => service.kill('SIGTERM'))
