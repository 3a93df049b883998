/** `npm run db:indexes`: builds the indexes that the models declare and drops others. */
import { connectDatabase, disconnectDatabase } from '../app/lifecycle/database.ts'
import { syncIndexes } from '../app/maintenance/indexes.ts'
import { runCommand } from './run-command.ts'

await runCommand(async (uri) => {
  await connectDatabase(uri)
  try {
    await syncIndexes()
  } finally {
    await disconnectDatabase()
  }
  return 'All indexes are up to date.'
})
