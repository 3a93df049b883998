/**
 * `npm run db:migrate`: migrates the database to the schema version of this program. The service can be running. The
 * command can be repeated, also after a crash.
 */
import { connectDatabase, disconnectDatabase } from '../app/lifecycle/database.ts'
import { migrate } from '../app/maintenance/migrations/migrate.ts'
import { runCommand } from './run-command.ts'

await runCommand(async (uri) => {
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
