// `npm start`: compiles the service if necessary and starts it in the same process. A `prestart` script would add a
// fifth of a second to every start.
import './ensure-built.js'

await import('../dist/server.js')
