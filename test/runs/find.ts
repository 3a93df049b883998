/**
 * `npm run test:find [-- --assets N --searches N --seed N]`: compares random searches of random assets with a model that
 * compares every asset. Uses the database of MONGODB_URI or an embedded one. Exits with 1 if an answer differs.
 */
import { inspect, parseArgs } from 'node:util'
import { setMaxRanked } from '../../models/word-pages.ts'
import { startApp } from '../support/app/app.ts'
import { mochaHooks } from '../support/app/mongo.ts'
import { FindScene } from '../support/find/scene.ts'

const { values } = parseArgs({
  options: {
    assets: { type: 'string', default: '300' },
    searches: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
  },
})
const say = (line: string) => process.stdout.write(`${line}\n`)
const app = await startApp()
const searches = Number(values.searches)
let faults = 0
/** Runs a step and reports its failure; the other steps still run. */
async function step(label: string, run: () => Promise<void>): Promise<void> {
  const begun = performance.now()
  try {
    await run()
    say(`${label}: as the model, ${((performance.now() - begun) / 1000).toFixed(0)} s`)
  } catch (error) {
    faults += 1
    say(`${label}: ${inspect(error, { depth: 5, maxArrayLength: 400 })}`)
  }
}
try {
  say(`seed ${values.seed}`)
  const scene = await FindScene.create(app, Number(values.seed))
  await scene.plant(Number(values.assets))
  await scene.shareForAWhile(5)
  await step('ranked', () => scene.compare({ searches }))
  setMaxRanked(0)
  await step('tier by tier', () => scene.compare({ searches }))
  await scene.disable('off')
  await step('owner disabled', () => scene.compare({ searches }))
  await step('changes while paging, tier by tier', () => scene.pageDuringChanges({ searches: searches / 10 }))
  setMaxRanked(100)
  await step('changes while paging, ranked', () => scene.pageDuringChanges({ searches: searches / 10 }))
} finally {
  await app.stop()
  await mochaHooks.afterAll()
}
process.exit(faults > 0 ? 1 : 0)
