import { CommandError } from '../errors.ts'
import type { Doc } from '../values/types.ts'
import { compilePipeline, stageOf } from './stages.ts'

const ALLOWED = new Set(['$addFields', '$set', '$project', '$unset', '$replaceRoot', '$replaceWith'])

/** Compiles an update given as a pipeline; stages that make anything but one document of one are refused (72). */
export function compileUpdatePipeline(pipeline: unknown[], variables: Doc = {}): (doc: Doc) => Doc {
  for (const stage of pipeline) {
    const { name } = stageOf(stage)
    if (!ALLOWED.has(name)) throw new CommandError(72, `${name} is not allowed to be used within an update`)
  }
  const run = compilePipeline(pipeline, { variables, aggregate: () => [] })
  return (doc) => {
    const [result = doc] = run([doc])
    return result
  }
}
