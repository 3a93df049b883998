import { JSON_BYTES } from '../../config/body-limits.ts'
import { type AppError, malformedJson, tooLarge, validationFailed } from '../errors.ts'
import { unknownField } from '../validate.ts'

/** A text frame as a client sends it. */
export interface Frame {
  /** Whatever the client calls it; null where it gives no name. */
  id: unknown
  op: string
  args: Record<string, unknown>
}

/** A frame that cannot be read, and as much of its id as can. */
export interface FrameFault {
  id: unknown
  fault: AppError
}

const FIELDS = new Set(['id', 'op', 'args'])

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads a text frame. All its faults are reported together. */
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
  const details = Object.keys(frame)
    .filter((name) => !FIELDS.has(name))
    .map(unknownField)
  if (!isObject(args)) details.unshift({ field: 'args', message: 'must be a JSON object' })
  if (typeof op !== 'string' || !operations.has(op))
    details.unshift({ field: 'op', message: `must be one of ${[...operations.keys()].join(', ')}` })
  if (details.length > 0) return { id, fault: validationFailed(details) }
  return { id, op: op as string, args: args as Frame['args'] }
}
