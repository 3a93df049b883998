/**
 * `npm run restore -- DIR [--replace] [--take-bucket]`: verifies a backup and restores it into an empty database. With
 * `--replace`, deletes the content of the database first. A store that belongs to another database is refused, unless
 * `--take-bucket` takes it over.
 */
import { restore } from '../app/backup/restore.ts'
import { NEWEST_VERSION } from '../app/maintenance/migrations/migrations.ts'
import { readArguments, runCommand } from './run-command.ts'
import { withContext } from './with-context.ts'

const USAGE = 'Name one folder: npm run restore -- DIR'
const OPTIONS = {
  replace: { type: 'boolean', default: false },
  'take-bucket': { type: 'boolean', default: false },
} as const

const readGiven = () => readArguments(USAGE, OPTIONS, 1)

await runCommand(readGiven, (uri, config, { values, positionals }) => {
  const [dir = ''] = positionals
  return withContext(uri, config, async (context) => {
    const options = {
      replace: values.replace,
      takeStore: values['take-bucket'],
      serverLimit: config.space.server,
    }
    const { collections, objects, createdAt, schemaVersion = 0 } = await restore(context, dir, options)
    const copied = objects.included
      ? `${objects.lines} objects`
      : 'their objects, which the store already had,'
    const next =
      schemaVersion < NEWEST_VERSION
        ? `\nThe backup has schema version ${schemaVersion}: run \`npm run db:migrate\` to get version ${NEWEST_VERSION}.`
        : ''
    return `${collections.users.lines} users, ${collections.assets.lines} assets and ${copied} were restored as of ${createdAt}.${next}`
  })
})
