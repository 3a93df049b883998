/**
 * Searches a library of assets with names as people give them, and prints how good the answers are: mean precision in the
 * first 20 and mean recall: `npm run bench:search`. Starts the compiled service with the embedded database, or with a new
 * database on the server of MONGODB_URI. With `--all` also prints every search whose answer differs from what is expected.
 */
import { Bench, register, say, verdict } from './harness.ts'
import { judge, mean } from './library/judge.ts'
import { type LibraryAsset, type LibrarySearch, libraryAssets, librarySearches } from './library/library.ts'

/** Target of both means. */
const TARGET = 0.95
/** Most results of a search that are read. */
const LIMIT = 100

/** Uploads a public asset with its files, each with a few bytes. */
async function upload(origin: string, headers: Record<string, string>, asset: LibraryAsset): Promise<void> {
  const body = new FormData()
  body.set('name', asset.name)
  body.set('visibility', 'public')
  if (asset.description) body.set('description', asset.description)
  for (const tag of asset.tags) body.append('tags', tag)
  for (const name of asset.fileNames.length > 0 ? asset.fileNames : ['data'])
    body.append('files', new File(['not a file of any known kind'], name))
  const response = await fetch(`${origin}/api/assets`, { method: 'POST', headers, body })
  if (!response.ok) throw new Error(`${asset.name}: ${response.status} ${await response.text()}`)
}

/** Returns the names of the assets that the service finds, the best first. */
async function find(origin: string, { q, any }: LibrarySearch): Promise<string[]> {
  const query = new URLSearchParams({ q, limit: String(LIMIT), ...(any ? { match: 'any' } : {}) })
  const response = await fetch(`${origin}/api/assets?${query}`)
  if (!response.ok) throw new Error(`${q}: ${response.status} ${await response.text()}`)
  const { res } = (await response.json()) as {
    res: { assets: { name: string }[]; matched?: 'all' | 'any' }
  }
  // what has any of the words is another answer than the one that is asked for
  return any || res.matched !== 'any' ? res.assets.map(({ name }) => name.normalize('NFC')) : []
}

const bench = await Bench.begin()
try {
  const uri = process.env.MONGODB_URI ? bench.newDatabase(process.env.MONGODB_URI) : ''
  const env = { MONGODB_URI: uri, S3_BUCKET: '', S3_ENDPOINT: '' }
  const { origin } = await bench.startService(env)
  const headers = await register(origin)
  const assets = libraryAssets()
  for (const asset of assets) await upload(origin, headers, asset)
  const searches = librarySearches()
  const judged = []
  for (const search of searches) {
    const found = judge(search, await find(origin, search))
    judged.push(found)
    if (process.argv.includes('--all') && (found.faults.length > 0 || found.precision < 1))
      say(`[${search.q}] precision ${found.precision.toFixed(2)} ${found.faults.join(', ')}`)
  }
  const figures = {
    'precision in the first 20': mean(judged.map(({ precision }) => precision)),
    recall: mean(judged.map(({ recall }) => recall)),
  }
  say(`${searches.length} searches of ${assets.length} assets`)
  for (const [label, value] of Object.entries(figures))
    say(`mean ${label}: ${(value * 100).toFixed(1)} %  (≥ ${TARGET * 100} %: ${verdict(value >= TARGET)})`)
} finally {
  await bench.end()
}
