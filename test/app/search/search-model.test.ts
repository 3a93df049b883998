import { keys } from '../../../app/maintenance/migrations/0003-keys.ts'
import { find as words } from '../../../app/maintenance/migrations/0006-find.ts'
import { Asset } from '../../../models/asset.ts'
import { KEYS_FORM } from '../../../models/asset-keys.ts'
import { untilReadersKnow } from '../../../models/owner-states.ts'
import { setSearchForm } from '../../../models/search-form.ts'
import { Term } from '../../../models/term.ts'
import { forgetStoredTerms, storeDueTerms, storeWaitingTerms } from '../../../models/term-writer.ts'
import { User } from '../../../models/user.ts'
import { setMaxRanked } from '../../../models/word-pages.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { buildFormerTextIndex } from '../../support/app/former-text-index.ts'
import { wordlessQuery } from '../../support/find/draw.ts'
import { FindScene } from '../../support/find/scene.ts'

const ASSETS = 60
const SEARCHES = 8
/** Draws the assets and the searches. A failed test names it. */
const SEED = Date.now() % 1e9

const NEVER = { checkpoint: () => undefined, report: () => undefined }

describe('searches of random assets', function () {
  this.timeout(120_000)
  let app: TestApp
  let scene: FindScene

  before(async () => {
    app = await startApp()
    scene = await FindScene.create(app, SEED)
  })
  afterEach(() => {
    setSearchForm('words')
    setMaxRanked(100)
  })
  after(() => app.stop())

  it('GET /api/assets – before, during and after the migration of the keys → as a comparison of every asset', async () => {
    const compare = (searches = SEARCHES / 2) => scene.compare({ searches, queries: wordlessQuery })
    setSearchForm('fields')
    await buildFormerTextIndex()
    await scene.plant(ASSETS, { hasFormer: true })
    await compare()
    await Promise.all([compare(), keys.up(NEVER)])
    setSearchForm('keys')
    await compare()
    // the words of what this release wrote were not stored: its process died
    await storeWaitingTerms()
    await Term.deleteMany({})
    forgetStoredTerms()
    await Asset.updateMany({ keysForm: KEYS_FORM }, { termsDue: new Date(0) })
    await Promise.all([compare(), words.up(NEVER), storeDueTerms(new AbortController().signal)])
    setSearchForm('words')
    await scene.compare({ searches: SEARCHES })
  })

  it('GET /api/assets – words, filters, sorts and pages of several viewers → as a comparison of every asset', async () => {
    await scene.plant(ASSETS)
    await scene.shareForAWhile(1)
    await scene.compare({ searches: SEARCHES })
    // tier by tier
    setMaxRanked(0)
    await scene.compare({ searches: SEARCHES })
  })

  it('GET /api/assets – an owner in transition → as a comparison of every asset', async () => {
    for (const disabled of [true, false]) {
      // the readers of the assets do not match the account yet
      await User.updateOne({ username: 'user1' }, { disabled, readersPending: true })
      await untilReadersKnow()
      await scene.compare({ searches: SEARCHES / 2, viewers: [null, 'user0', 'user2'] })
    }
  })

  it('GET /api/assets – assets inserted and deleted while pages are read, an owner disabled → nothing repeated, nothing missed', async () => {
    await scene.disable('off')
    await scene.pageDuringChanges({ searches: SEARCHES })
  })
})
