/** `npm run db:indexes`: builds the indexes that the models declare and drops others. */
import { connectDatabase, disconnectDatabase } from '../app/lifecycle/database.ts'
import { syncIndexes } from '../app/maintenance/indexes.ts'
import { readArguments, runCommand } from './run-command.ts'

const readGiven = () => readArguments('Usage: npm run db:indexes', {})

await runCommand(readGiven, async (uri) => {
  await connectDatabase(uri)
  try {
    await syncIndexes()
  } finally {
    await disconnectDatabase()
  }
  return 'All indexes are up to date.'
})
