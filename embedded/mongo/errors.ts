/** Names of the codes that clients tell apart by name; the others go by their number. */
const CODE_NAMES: Record<number, string> = {
  1: 'InternalError',
  2: 'BadValue',
  20: 'IllegalOperation',
  26: 'NamespaceNotFound',
  27: 'IndexNotFound',
  43: 'CursorNotFound',
  48: 'NamespaceExists',
  59: 'CommandNotFound',
  238: 'NotImplemented',
  11000: 'DuplicateKey',
}

/** An error as MongoDB words it: the number and the message the driver hands to the application. */
export class CommandError extends Error {
  readonly codeName: string

  constructor(
    readonly code: number,
    message: string,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message)
    this.name = 'CommandError'
    this.codeName = CODE_NAMES[code] ?? `Location${code}`
  }
}

export const badValue = (message: string) => new CommandError(2, message)
export const failedToParse = (message: string) => new CommandError(9, message)
export const typeMismatch = (message: string) => new CommandError(14, message)
export const pathNotViable = (message: string) => new CommandError(28, message)
/** A thing MongoDB does and this stand-in does not. */
export const notImplemented = (what: string) =>
  new CommandError(238, `${what} is not implemented by the embedded database`)

/** A name this stand-in has nothing for; `code` is what a server says to a name it does not know. */
export const unknownName = (code: number, what: string) =>
  new CommandError(code, `${what} is not known to the embedded database`)

/** Any error as one the driver understands: what nobody has thought of is a fault of ours. */
export function toCommandError(error: unknown): CommandError {
  if (error instanceof CommandError) return error
  return new CommandError(1, error instanceof Error ? error.message : String(error))
}
