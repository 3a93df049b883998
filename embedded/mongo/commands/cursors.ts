import { Long } from 'bson'
import { numberOf, textOf } from './arguments.ts'
import type { Command } from './engine.ts'

export const getMore: Command = {
  fields: ['collection', 'batchSize'],
  run: ({ body, database }, { cursors }) => {
    const namespace = `${database}.${textOf(body.collection, 'collection')}`
    return cursors.more(Number(body.getMore), namespace, numberOf(body.batchSize, 'batchSize'))
  },
}

export const killCursors: Command = {
  fields: ['cursors'],
  run: ({ body }, { cursors }) => {
    const ids = Array.isArray(body.cursors) ? body.cursors.map(Number) : []
    const [cursorsNotFound, cursorsKilled]: [Long[], Long[]] = [[], []]
    for (const id of ids) (cursors.kill(id) ? cursorsKilled : cursorsNotFound).push(Long.fromNumber(id))
    return { cursorsKilled, cursorsNotFound, cursorsAlive: [], cursorsUnknown: [] }
  },
}
