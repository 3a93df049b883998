/**
 * `npm run db:migrate`: migrates the database to the schema version of this program. The service can be running. The
 * command can be repeated, also after a crash.
 */
import { connectDatabase, disconnectDatabase } from '../app/lifecycle/database.ts'
import { migrate } from '../app/maintenance/migrations/migrate.ts'
import { readArguments, runCommand } from './run-command.ts'

const readGiven = () => readArguments('Usage: npm run db:migrate', {})

await runCommand(readGiven, async (uri) => {
  await connectDatabase(uri)
  try {
    const { from, to } = await migrate({ report: (line) => process.stderr.write(`${line}\n`) })
    return from === to
      ? `The database has the newest schema version, ${to}.`
      : `The database was migrated from schema version ${from} to ${to}.`
  } finally {
    await disconnectDatabase()
  }
})
