/**
 * `npm run db:indexes [-- --drop]`: builds the indexes that the models declare. The service can be running. With `--drop`,
 * then drops those that only other releases declare.
 */
import { connectDatabase, disconnectDatabase } from '../app/lifecycle/database.ts'
import { syncIndexes } from '../app/maintenance/indexes.ts'
import { readArguments, runCommand } from './run-command.ts'

const OPTIONS = { drop: { type: 'boolean', default: false } } as const
const readGiven = () => readArguments('Usage: npm run db:indexes -- [--drop]', OPTIONS)

await runCommand(readGiven, async (uri, _config, { values: { drop } }) => {
  await connectDatabase(uri)
  try {
    const { names, dropped } = await syncIndexes({ drop })
    const what = dropped ? 'Dropped' : 'Only another release needs'
    return [
      ...names.map((name) => `${what}: ${name}.`),
      ...(names.length > 0 && !dropped
        ? ['When no process of that release runs any more, drop them: `npm run db:indexes -- --drop`.']
        : []),
      'All indexes are up to date.',
    ].join('\n')
  } finally {
    await disconnectDatabase()
  }
})
