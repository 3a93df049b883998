import { MAX_DOCUMENT_BYTES } from '../values/codec.ts'
import { MAX_MESSAGE_BYTES } from '../wire/message.ts'
import type { Command } from './command.ts'

/**
 * Replies as a standalone server does. Accepts any field, because new drivers send new fields. The reply has no
 * `topologyVersion`: with it the driver would request a stream of replies.
 */
export const hello: Command = {
  fields: 'any',
  run: ({ connection }) => ({
    helloOk: true,
    ismaster: true,
    isWritablePrimary: true,
    maxBsonObjectSize: MAX_DOCUMENT_BYTES,
    maxMessageSizeBytes: MAX_MESSAGE_BYTES,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: 30,
    connectionId: connection,
    minWireVersion: 0,
    maxWireVersion: 21,
    readOnly: false,
  }),
}

export const ping: Command = { fields: [], run: () => ({}) }
export const endSessions: Command = { fields: [], run: () => ({}) }

export const buildInfo: Command = {
  fields: [],
  run: (_call, { instance }) => ({
    version: '7.0.0',
    modules: ['embedded'],
    instance,
    maxBsonObjectSize: MAX_DOCUMENT_BYTES,
  }),
}

export const connectionStatus: Command = {
  fields: ['showPrivileges'],
  run: () => ({ authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] } }),
}
