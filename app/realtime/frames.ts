import { JSON_BYTES } from '../../config/body-limits.ts'
import { type AppError, malformedJson, tooLarge, validationFailed } from '../errors.ts'

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

export function readFrame(data: Buffer): Frame | FrameFault {
  if (data.length > JSON_BYTES) return { id: null, fault: tooLarge('A text frame may have 100 kB.') }
  let frame: unknown
  try {
    frame = JSON.parse(data.toString())
  } catch (error) {
    return { id: null, fault: malformedJson(error) }
  }
  if (!isObject(frame)) return { id: null, fault: wrong('frame', 'must be a JSON object') }
  const { id = null, op, args = {} } = frame
  const unknown = Object.keys(frame).filter((name) => !FIELDS.has(name))
  if (unknown.length > 0)
    return {
      id,
      fault: validationFailed(unknown.map((field) => ({ field, message: 'is not a field here' }))),
    }
  if (typeof op !== 'string') return { id, fault: wrong('op', 'must be text') }
  if (!isObject(args)) return { id, fault: wrong('args', 'must be a JSON object') }
  return { id, op, args }
}

const wrong = (field: string, message: string) => validationFailed([{ field, message }])
