// `npm start`: the compiled service, compiled anew if need be. All in one process: a `prestart` of its own would
// take a fifth of a second of every start.
import './ensure-built.js'

await import('../dist/server.js')
