/** `npm run db:indexes`: builds the indexes that the models declare, drops those they no longer do. */
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
  return 'Every index is there.'
})
