/**
 * Measures the peak memory of the service. Linux only. `tsx bench/memory.ts disk`, `S3` or `small` measures one part:
 *
 * - uploads and downloads of 1 GB, one and four at a time: on disk, and in the bucket of S3_ENDPOINT if it is set
 * - 600 small uploads, then a minute of lists on 16 connections: on the embedded database, and on MONGODB_URI if it is set
 */
import { join } from 'node:path'
import autocannon from 'autocannon'
import { Bench, curl, MB, peakMemory, register, resetPeak, say, stores, upload, verdict } from './harness.ts'
import { prepareKura } from './services.ts'

const BYTES = 1000 * MB
/** Target in MB. */
const LIMIT = 250
/** Target with the embedded database in the same process, in MB. */
const EMBEDDED_LIMIT = 350
const LISTS_SECONDS = 60

const [, , only] = process.argv

if (!only || only === 'small') {
  const { MONGODB_URI: uri } = process.env
  await smallAssets('embedded database', '', EMBEDDED_LIMIT)
  if (uri) await smallAssets('MONGODB_URI', uri, LIMIT)
}

async function smallAssets(database: string, uri: string, limit: number): Promise<void> {
  const bench = await Bench.begin()
  try {
    const env = {
      MONGODB_URI: uri && bench.newDatabase(uri),
      DATA_DIR: join(bench.folder, 'data'),
      ...{ S3_BUCKET: '', S3_ENDPOINT: '' },
    }
    const service = await bench.startService(env)
    const { reads } = await prepareKura(bench, database, service)
    const uploaded = await peakMemory(service.pid)
    const connections = 16
    const url = service.origin + reads['20 newest'].path
    const { requests } = await autocannon({ url, connections, duration: LISTS_SECONDS })
    const peak = await peakMemory(service.pid)
    say(
      `${database.padEnd(18)} 600 uploads ${uploaded.toFixed(0).padStart(5)} MB   then ${LISTS_SECONDS} s of lists ${peak.toFixed(0).padStart(5)} MB at most (< ${limit}: ${verdict(peak < limit)})   ${requests.average.toFixed(0)} lists/s`,
    )
  } finally {
    await bench.end()
  }
}

for (const [store, env] of stores.filter(([name]) => !only || name === only)) {
  const bench = await Bench.begin()
  try {
    const service = await bench.startService(env)
    const user = await register(service.origin)
    const path = await bench.makeFile('file', BYTES)
    const urls: string[] = []
    const ids: string[] = []
    const measure = async (label: string, times: number, work: () => Promise<unknown>) => {
      await resetPeak(service.pid)
      const begun = performance.now()
      await Promise.all(Array.from({ length: times }, work))
      const rate = (times * BYTES) / MB / ((performance.now() - begun) / 1000)
      const peak = await peakMemory(service.pid)
      say(
        `${store.padEnd(5)} ${label.padEnd(24)} ${peak.toFixed(0).padStart(5)} MB at most (< ${LIMIT}: ${verdict(peak < LIMIT)})   ${rate.toFixed(0)} MB/s`,
      )
    }
    const up = async () => {
      const { url, id } = await upload(service.origin, user, path)
      urls.push(url)
      ids.push(id)
    }
    const down = () => curl('-H', `Authorization: ${user.Authorization}`, '-o', '/dev/null', String(urls[0]))

    await measure('at rest', 1, async () => undefined)
    await measure('1 GB up', 1, up)
    await measure('1 GB down', 1, down)
    await measure('1 GB up, four at once', 4, up)
    await measure('1 GB down, four at once', 4, down)
    for (const id of ids)
      await fetch(`${service.origin}/api/assets/${id}`, { method: 'DELETE', headers: user })
  } finally {
    await bench.end()
  }
}
