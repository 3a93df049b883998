import { randomBytes } from 'node:crypto'
import { shareWith } from '../../app/sharing/share.ts'
import { Asset } from '../../models/asset.ts'
import { User } from '../../models/user.ts'
import { createAccessFixture } from '../support/app/access-fixture.ts'
import { startApp } from '../support/app/app.ts'
import { mochaHooks } from '../support/app/mongo.ts'
import { signUp } from '../support/app/users.ts'

/**
 * Prints how long the service takes to say "there is nothing here" of what is somebody else's and of what is
 * nowhere. The two are asked in turn, in random order, in one run: what they differ by should be lost in the spread.
 * Usage: `npx tsx test/runs/timing-oracle.ts [rounds]`.
 */

interface Question {
  what: string
  method?: string
  body?: object
  /** Path to what is somebody else's, and to what is nowhere. */
  theirs: string
  nowhere: string
}

const ROUNDS = Number(process.argv[2] ?? 300)
const WARM_UP = 30
const NOWHERE = '64b000000000000000000000'

const say = (...columns: string[]) =>
  process.stdout.write(
    `${columns.map((column, n) => (n ? column.padStart(11) : column.padEnd(44))).join(' ')}\n`,
  )
const ms = (value: number) => `${value.toFixed(2)} ms`

function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN
}

async function main() {
  const app = await startApp()
  const asker = await signUp(app, 'asker')
  const scene = await createAccessFixture(app, 'shared')
  const ended = await createAccessFixture(app, 'private')
  await User.updateOne({ _id: ended.owner.user._id }, { disabled: true })
  const own = await createAccessFixture(app, 'private')
  const mine = { type: 'asset' as const, model: Asset }
  const someone = scene.owner.user.username
  for (const username of [someone, 'nobody-at-all'])
    await shareWith(app.context, mine, own.asset, own.owner, { username, access: 'read' })

  const asset = (rest = '') => ({ theirs: scene.at(rest), nowhere: `/api/assets/${NOWHERE}${rest}` })
  const questions: Question[] = [
    { what: 'asset', ...asset() },
    { what: 'file', ...asset(`/files/${scene.fileId}`) },
    { what: 'download', ...asset('/download') },
    { what: 'image', ...asset(`/images/${scene.imageId}`) },
    { what: 'links of an asset', ...asset('/links') },
    { what: 'change of an asset', method: 'PATCH', body: { name: 'x' }, ...asset() },
    { what: 'deletion of an asset', method: 'DELETE', ...asset() },
    { what: 'project', theirs: scene.project, nowhere: `/api/projects/${NOWHERE}` },
    { what: 'user', theirs: `/api/users/${scene.owner.user.id}`, nowhere: `/api/users/${NOWHERE}` },
    {
      what: 'search by owner',
      theirs: `/api/assets?owner=${someone}`,
      nowhere: '/api/assets?owner=nobody-at-all',
    },
    {
      what: 'link whose owner is disabled',
      theirs: ended.byLink(true),
      nowhere: `/api/links/${randomBytes(32).toString('base64url')}`,
    },
  ]
  const sharing: Question = {
    what: 'sharing with a name',
    method: 'PUT',
    body: { access: 'read' },
    theirs: own.at(`/collaborators/${someone}`),
    nowhere: own.at('/collaborators/nobody-at-all'),
  }

  say(`median of ${ROUNDS} each`, 'theirs', 'nowhere', 'difference', 'spread', 'answers')
  for (const question of questions) await compare(app.origin, asker.token, question)
  await compare(app.origin, own.owner.token, sharing)
  await app.stop()
  await mochaHooks.afterAll()
}

/** The spread is half of what lies between the quartiles. */
async function compare(origin: string, token: string, question: Question): Promise<void> {
  const { what, method = 'GET', body, theirs, nowhere } = question
  const times: Record<string, number[]> = { [theirs]: [], [nowhere]: [] }
  const answers: Record<string, string> = {}
  const headers = {
    Authorization: `Bearer ${token}`,
    'Content-Type': 'application/json',
    'X-Request-Id': 'same',
  }
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1)
    for (const path of Math.random() < 0.5 ? [theirs, nowhere] : [nowhere, theirs]) {
      const started = performance.now()
      const answer = await fetch(origin + path, { method, headers, body: body ? JSON.stringify(body) : null })
      answers[path] = `${answer.status} ${await answer.text()}`
      if (round >= WARM_UP) times[path]?.push(performance.now() - started)
    }
  const [their = [], none = []] = [times[theirs], times[nowhere]]
  const all = [...their, ...none]
  const same = neutral(answers[theirs]) === neutral(answers[nowhere])
  say(
    what,
    ms(quantile(their, 0.5)),
    ms(quantile(none, 0.5)),
    ms(quantile(their, 0.5) - quantile(none, 0.5)),
    ms((quantile(all, 0.75) - quantile(all, 0.25)) / 2),
    same ? 'equal' : 'DIFFERENT',
  )
}

/** What the asker has said themselves, and when, is no news. */
const neutral = (answer = '') => answer.replace(/"username":"[^"]*"/, '').replace(/"addedAt":"[^"]*"/, '')

await main()
