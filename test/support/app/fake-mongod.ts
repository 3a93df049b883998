/**
 * A program with the options of `mongod` that the service uses, on the embedded database. It refuses other options. A test
 * makes an executable of it with `makeMongod`.
 */
import { appendFileSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { parseArgs } from 'node:util'
import { startEmbeddedMongo } from '../../../embedded/mongo/start.ts'
import { DirectoryInUse } from '../../../embedded/mongo/storage/lock.ts'

const { values } = parseArgs({
  options: {
    version: { type: 'boolean' },
    dbpath: { type: 'string', default: '' },
    bind_ip: { type: 'string', default: '127.0.0.1' },
    nounixsocket: { type: 'boolean', default: false },
    logpath: { type: 'string', default: '' },
    logappend: { type: 'boolean', default: false },
    setParameter: { type: 'string', default: '' },
  },
})
if (values.version) {
  process.stdout.write('db version v7.0.99\nBuild Info: {}\n')
  process.exit(0)
}
const { dbpath, bind_ip: path, logpath } = values
const log = (s: string, msg: string) => appendFileSync(logpath, `${JSON.stringify({ s, msg })}\n`)
log('I', `MongoDB starting with ${JSON.stringify(process.env)}`)
if (!existsSync(dbpath)) {
  log('E', `Data directory ${dbpath} not found.`)
  process.exit(100)
}
if (!values.nounixsocket || !path.startsWith('/')) throw new Error('it would listen on a port')

const database = await startEmbeddedMongo({
  dir: dbpath,
  ...(values.setParameter === 'ttlMonitorEnabled=false' && { ttlSeconds: 86_400 }),
}).catch((error) => {
  log('E', error.message)
  process.exit(error instanceof DirectoryInUse ? 100 : 1)
})
const inner = decodeURIComponent(new URL(database.uri).hostname)
const server = createServer((client) => {
  const upstream = connect(inner)
  client.pipe(upstream).pipe(client)
  for (const socket of [client, upstream])
    socket.on('error', () => undefined).on('close', () => [client, upstream].map((one) => one.destroy()))
})
// mongod does the same with the socket of a process that was killed.
rmSync(path, { force: true })
server.listen(path)
process.once('SIGTERM', async () => {
  await database.close()
  writeFileSync(`${dbpath}/clean-shutdown`, '')
  process.exit(0)
})
