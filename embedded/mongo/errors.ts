/** Code names that clients compare. Other codes are named `Location<code>`. */
const CODE_NAMES: Record<number, string> = {
  1: 'InternalError',
  2: 'BadValue',
  20: 'IllegalOperation',
  26: 'NamespaceNotFound',
  27: 'IndexNotFound',
  43: 'CursorNotFound',
  48: 'NamespaceExists',
  50: 'MaxTimeMSExpired',
  59: 'CommandNotFound',
  238: 'NotImplemented',
  262: 'ExceededTimeLimit',
  11000: 'DuplicateKey',
  14031: 'OutOfDiskSpace',
}

/** An error with MongoDB's code and message, as the driver passes them to the application. */
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
/** Error for a MongoDB feature that the embedded database does not have. */
export const notImplemented = (what: string) =>
  new CommandError(238, `${what} is not implemented by the embedded database`)

/** Error for an unknown name; `code` is the code that MongoDB uses for it. */
export const unknownName = (code: number, what: string) =>
  new CommandError(code, `${what} is not known to the embedded database`)

/** Converts any error to a `CommandError`. An unexpected error gets code 1 (InternalError). */
export function toCommandError(error: unknown): CommandError {
  if (error instanceof CommandError) return error
  return new CommandError(1, error instanceof Error ? error.message : String(error))
}
