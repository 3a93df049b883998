import { randomBytes } from 'node:crypto'
import { shareWith } from '../../app/sharing/share.ts'
import { Asset } from '../../models/asset.ts'
import { User } from '../../models/user.ts'
import { createAccessFixture } from '../support/app/access-fixture.ts'
import { startApp } from '../support/app/app.ts'
import { mochaHooks } from '../support/app/mongo.ts'
import { signUp } from '../support/app/users.ts'

/**
 * Prints how long the service takes to answer 404 for hidden objects of another user and for objects that do not exist.
 * Sends both requests in random order. The difference of the medians should be smaller than the spread, otherwise a
 * client can find out which objects exist.
 * Usage: `npx tsx test/runs/timing-oracle.ts [rounds]`.
 */

interface Question {
  what: string
  method?: string
  body?: object
  /** Path of an object of another user, and of an object that does not exist. */
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

/** Prints the times of one question. The spread is half of the interquartile range. */
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

/** Removes what the caller knows anyway: the name sent in the request and the time. */
const neutral = (answer = '') => answer.replace(/"username":"[^"]*"/, '').replace(/"addedAt":"[^"]*"/, '')

await main()
