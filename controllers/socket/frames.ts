import { type AppError, type Detail, malformedJson, tooLarge, validationFailed } from '../../app/errors.ts'
import { JSON_BYTES } from '../../config/body-limits.ts'
import { unknownField } from '../../middleware/rules.ts'

/** The id that a client gives a frame; null without one. */
export type FrameId = string | number | null

/** A text frame of a client. */
export interface Frame {
  id: FrameId
  op: string
  args: Record<string, unknown>
}

interface InvalidFrame {
  /** Null if the frame has no valid id. */
  id: FrameId
  error: AppError
}

const FIELDS = new Set(['id', 'op', 'args'])
const ID_CHARACTERS = 200
/** Most levels of arrays and objects in `args`. */
const ARGS_DEPTH = 20

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Parses and validates a text frame. Reports all its errors together. */
export function readFrame(data: Buffer, operations: ReadonlyMap<string, unknown>): Frame | InvalidFrame {
  if (data.length > JSON_BYTES) return { id: null, error: tooLarge('The text frame is larger than 100 kB.') }
  let frame: unknown
  try {
    frame = JSON.parse(data.toString())
  } catch (error) {
    return { id: null, error: malformedJson(error) }
  }
  if (!isObject(frame))
    return { id: null, error: validationFailed([{ field: 'frame', message: 'must be a JSON object' }]) }
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
  if (details.length > 0) return { id: isFrameId(id) ? id : null, error: validationFailed(details) }
  return { id, op, args } as Frame
}

const isFrameId = (id: unknown): id is FrameId =>
  id === null || (typeof id === 'string' && id.length <= ID_CHARACTERS) || Number.isFinite(id)

/**
 * Returns whether a value has more levels of arrays and objects. Such values could overflow the stack of recursive
 * code.
 */
function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((one) => isDeeperThan(levels - 1, one))
}
