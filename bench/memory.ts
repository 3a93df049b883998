/**
 * Measures the peak memory of the service during uploads and downloads of 1 GB, one and four at a time: on disk, and in
 * the bucket of S3_ENDPOINT if it is set. Linux only. `tsx bench/memory.ts S3` measures one store.
 */
import { Bench, curl, MB, peakMemory, register, resetPeak, say, stores, upload, verdict } from './harness.ts'

const BYTES = 1000 * MB
/** Target in MB. */
const LIMIT = 250

const [, , only] = process.argv

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
