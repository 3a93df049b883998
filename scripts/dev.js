// `npm run dev`: starts a service from its sources and builds the web client. Both restart after every change of a source
// file, and open pages load again.
import { spawn } from 'node:child_process'
import { bundleWeb } from './bundle-web.js'

await bundleWeb('dist/web', { watch: true })
const service = spawn('npx', ['tsx', 'watch', '--clear-screen=false', 'server.ts'], { stdio: 'inherit' })
service.once('exit', (code) => process.exit(code ?? 1))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => service.kill(signal))
