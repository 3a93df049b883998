import { ConfigError } from '../../config/env.ts'
import { asAppError, isDnsFailure } from '../../models/database-errors.ts'
import { AppError } from '../errors.ts'

/** Names of errors whose message is written for operators. */
const PLAIN = new Set([
  ...[
    'BackupError',
    'DatabaseMoved',
    'ForeignStoreError',
    'IndexConflict',
    'LeaseLost',
    'MongodError',
    'MoveError',
  ],
  ...['NewerSchema', 'UnfinishedMove', 'UsageError'],
])

/** Codes of a path that this user cannot read or write. */
const NOT_ALLOWED = new Set(['EACCES', 'EPERM', 'EROFS'])

type SystemError = NodeJS.ErrnoException & { address?: string; hostname?: string; port?: number }

/** Returns why the service cannot start and what to do. Returns the stack of an unexpected error. */
export function explainError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const fault = asAppError(error)?.fault
  if (error instanceof AppError && error.cause instanceof Error) return explainCause(error.cause, fault)
  if (error instanceof ConfigError || PLAIN.has(error.name)) return error.message
  if (error.name === 'DirectoryInUse')
    return `Kura cannot start: ${error.message}.\nStop that process, or set DATA_DIR to another folder.`
  if (error.name === 'DuplicateValues')
    return `Unique indexes cannot be built, because documents have equal values:\n${error.message}\nRemove or change all but one of each, then try again.`
  if (error.name === 'MongoParseError')
    return `Kura cannot start: MONGODB_URI is not valid: ${error.message}.`
  const { code, syscall, path, port, address, hostname } = error as SystemError
  if (syscall === 'listen' && code === 'EADDRINUSE')
    return `Kura cannot start: port ${port} is in use.\nStop the process that listens there, or set PORT to another port.`
  if (syscall === 'listen' && code === 'EACCES')
    return `Kura cannot start: it is not allowed to listen on port ${port}.\nSet PORT to a port above 1023.`
  if (syscall === 'listen' && code === 'EADDRNOTAVAIL')
    return `Kura cannot start: HOST ${address} is not an address of this machine.`
  if (path !== undefined && NOT_ALLOWED.has(String(code)))
    return `Kura cannot start: ${path} cannot be read and written ${code === 'EROFS' ? 'on a read-only file system' : 'by this user'} (${code}).\nSet DATA_DIR to a folder where this is possible.`
  if (syscall === 'getaddrinfo')
    return `Kura cannot start: the host name ${hostname} cannot be resolved.\nCheck the variable that contains it: HOST, MONGODB_URI or S3_ENDPOINT.`
  if (error.name === 'MongooseServerSelectionError' || isDnsFailure(error))
    return `The database cannot be reached: ${error.message}`
  if (fault) return withFault(fault, error)
  if (syscall !== undefined && path !== undefined)
    return `Kura cannot start: ${error.message}.\nCheck DATA_DIR and the other paths in the configuration.`
  return error.stack ?? error.message
}

const withFault = (fault: string, { message }: Error) => `${fault}\nThe error was: ${message}`

/** Returns the explanation of the cause of an error that clients can see, without a stack. */
function explainCause(cause: Error, fault: string | undefined): string {
  const explained = explainError(cause)
  if (explained === cause.stack && fault) return withFault(fault, cause)
  return explained === cause.stack ? `Kura cannot start: ${cause.message}` : explained
}
