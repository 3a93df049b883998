import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { mongo } from 'mongoose'
import { openS3Store } from '../../app/storage/s3/store.ts'
import { FaultProxy } from '../support/app/fault-proxy.ts'
import { runProcess } from '../support/app/process.ts'
import { eventually } from '../support/eventually.ts'
import { makeBucket } from '../support/s3/bucket.ts'
import { startFakeS3 } from '../support/s3/fake-s3.ts'

/** A server behind a proxy that causes faults. */
interface FaultyServer {
  proxy: FaultProxy
  /** Environment of a service that uses the server through the proxy. */
  env: Record<string, string>
  /** Removes what the service has stored there. Call it when the service has ended. */
  close(): Promise<void>
}

interface FaultyDatabase extends FaultyServer {
  /** Kills the server and starts it again at the end. Resolves when it accepts connections. */
  kill(end: Promise<void>): Promise<void>
}

/** Opens a new database on the server of MONGODB_URI, or an embedded database in a process of its own. */
export async function openDatabase(folder: string): Promise<FaultyDatabase> {
  const { MONGODB_URI } = process.env
  return MONGODB_URI ? openGivenDatabase(MONGODB_URI) : openEmbeddedDatabase(folder)
}

/** The server cannot be killed: the proxy closes all connections and refuses new ones instead. */
async function openGivenDatabase(given: string): Promise<FaultyDatabase> {
  const uri = new URL(given)
  uri.pathname = `/kura-faults-${randomBytes(8).toString('hex')}`
  const direct = uri.href
  const proxy = await new FaultProxy({ host: uri.hostname, port: Number(uri.port || 27_017) }).listen()
  uri.host = `127.0.0.1:${proxy.port}`
  return {
    proxy,
    env: { MONGODB_URI: uri.href },
    async kill(end) {
      proxy.setFault('refuse')
      await end
      proxy.setFault('pass')
    },
    async close() {
      await proxy.close()
      const client = await mongo.MongoClient.connect(direct)
      await client.db().dropDatabase()
      await client.close()
    },
  }
}

async function openEmbeddedDatabase(folder: string): Promise<FaultyDatabase> {
  const dbpath = join(folder, 'database')
  const path = join(folder, 'mongod.sock')
  await mkdir(dbpath)
  const start = () =>
    runProcess(
      { TMPDIR: folder },
      'test/support/app/fake-mongod.ts',
      `set -- "$@" --dbpath ${dbpath} --bind_ip ${path} --nounixsocket --logpath ${join(folder, 'log')}`,
    )
  const accepts = async () => {
    const socket = connect(path)
    await once(socket, 'connect')
    socket.destroy()
  }
  let mongod = start()
  const proxy = await new FaultProxy({ path }).listen()
  return {
    proxy,
    env: { MONGODB_URI: `mongodb://127.0.0.1:${proxy.port}/?directConnection=true` },
    async kill(end) {
      mongod.signal('SIGKILL')
      await end
      mongod = start()
      await eventually(accepts, 60_000)
    },
    async close() {
      await proxy.close()
    },
  }
}

/** Opens a new bucket at S3_ENDPOINT, or a fake one. */
export async function openBucket(): Promise<FaultyServer> {
  const made = await makeBucket()
  const fake = made ? undefined : await startFakeS3()
  const endpoint = new URL(made?.env.S3_ENDPOINT ?? String(fake?.endpoint))
  const proxy = await new FaultProxy({ host: endpoint.hostname, port: Number(endpoint.port) }).listen()
  const keys = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
  const env = made?.env ?? { ...keys, S3_BUCKET: String(fake?.name) }
  return {
    proxy,
    env: { ...env, S3_ENDPOINT: `http://127.0.0.1:${proxy.port}` },
    async close() {
      await proxy.close()
      await fake?.close()
      if (!made) return
      const { S3_BUCKET: bucket = '', AWS_REGION: region = 'us-east-1' } = made.env
      const store = await openS3Store({ bucket, region, endpoint: endpoint.href })
      await made.remove(store)
      await store.close()
    },
  }
}
