import { type AppError, type Detail, malformedJson, tooLarge, validationFailed } from '../../app/errors.ts'
import { JSON_BYTES } from '../../config/body-limits.ts'
import { unknownField } from '../../middleware/rules.ts'

/** The name that a client gives a frame; null where it gives none. */
export type FrameId = string | number | null

/** A text frame as a client sends it. */
export interface Frame {
  id: FrameId
  op: string
  args: Record<string, unknown>
}

/** A frame that cannot be read; its id, where that is valid. */
export interface FrameFault {
  id: FrameId
  fault: AppError
}

const FIELDS = new Set(['id', 'op', 'args'])
const ID_CHARACTERS = 200
/** Levels of arrays and objects in `args`. */
const ARGS_DEPTH = 20

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads a text frame. All its errors are reported together. */
export function readFrame(data: Buffer, operations: ReadonlyMap<string, unknown>): Frame | FrameFault {
  if (data.length > JSON_BYTES) return { id: null, fault: tooLarge('A text frame may have 100 kB.') }
  let frame: unknown
  try {
    frame = JSON.parse(data.toString())
  } catch (error) {
    return { id: null, fault: malformedJson(error) }
  }
  if (!isObject(frame))
    return { id: null, fault: validationFailed([{ field: 'frame', message: 'must be a JSON object' }]) }
  const { id = null, op, args = {} } = frame
  const details: Detail[] = []
  if (typeof op !== 'string' || !operations.has(op))
    details.push({ field: 'op', message: `must be one of ${[...operations.keys()].join(', ')}` })
  if (!isObject(args)) details.push({ field: 'args', message: 'must be a JSON object' })
  else if (isDeeperThan(ARGS_DEPTH, args))
    details.push({ field: 'args', message: `must not be nested more than ${ARGS_DEPTH} levels deep` })
  if (!isFrameId(id))
    details.push({
      field: 'id',
      message: `must be text of up to ${ID_CHARACTERS} characters, a number or null`,
    })
  const unknown = Object.keys(frame).filter((name) => !FIELDS.has(name))
  details.push(...unknown.map(unknownField))
  if (details.length > 0) return { id: isFrameId(id) ? id : null, fault: validationFailed(details) }
  return { id, op, args } as Frame
}

const isFrameId = (id: unknown): id is FrameId =>
  id === null || (typeof id === 'string' && id.length <= ID_CHARACTERS) || Number.isFinite(id)

/** Whether arrays and objects are nested deeper than a number of levels: code that recurses would overflow. */
function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((one) => isDeeperThan(levels - 1, one))
}
