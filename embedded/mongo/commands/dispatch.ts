import { CommandError, toCommandError, unknownName } from '../errors.ts'
import type { Doc } from '../values/types.ts'
import * as collections from './collections.ts'
import { type Command, type Engine, refuseUnknownFields } from './command.ts'
import { explain } from './explain.ts'
import * as handshake from './handshake.ts'
import * as indexes from './indexes.ts'
import * as reads from './read.ts'
import * as writes from './write.ts'

const COMMANDS: Record<string, Command> = {
  ...handshake,
  ismaster: handshake.hello,
  isMaster: handshake.hello,
  buildinfo: handshake.buildInfo,
  ...reads,
  ...writes,
  ...collections,
  ...indexes,
  explain,
}

/** Fields that every command accepts. They do not change the reply. */
const COMMON_FIELDS =
  '$db lsid $readPreference $clusterTime readConcern writeConcern maxTimeMS comment apiVersion apiStrict'.split(
    ' ',
  )
const TRANSACTION_FIELDS = ['txnNumber', 'startTransaction', 'autocommit']

/** Runs one command and returns its reply. An error becomes a reply with its code. */
export async function dispatch(body: Doc, engine: Engine, connection: number): Promise<Doc> {
  try {
    const name = Object.keys(body)[0] ?? ''
    const command = lookUp(name, body)
    const { store } = engine.catalog
    const before = store.writes
    const reply = await command.run({ name, body, database: String(body.$db), connection }, engine)
    if (store.writes > before) await store.committed()
    return { ...reply, ok: 1 }
  } catch (error) {
    const { code, codeName, message, details } = toCommandError(error)
    return { ok: 0, errmsg: message, code, codeName, ...details }
  }
}

function lookUp(name: string, body: Doc): Command {
  if (TRANSACTION_FIELDS.some((field) => field in body)) {
    throw new CommandError(20, 'Transaction numbers are only allowed on a replica set member or mongos')
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command) throw unknownName(59, `The command '${name}'`)
  if (command.fields !== 'any') refuseUnknownFields(body, [name, ...COMMON_FIELDS, ...command.fields], name)
  return command
}
