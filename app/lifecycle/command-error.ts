import { mongo } from 'mongoose'
import type { Config } from '../../config/env.ts'
import { fromDatabase } from '../../models/database-errors.ts'
import { UnfinishedWork } from '../backup/format.ts'
import { AppError } from '../errors.ts'
import { explainError } from './start-error.ts'

/** Returns why a command failed, what is left of its work, and what to do. */
export function explainCommandError(error: unknown, config: Config | null): string {
  if (error instanceof UnfinishedWork) return `${explainCommandError(error.cause, config)}\n${error.message}`
  if (error instanceof AppError && error.cause instanceof Error)
    return explainAppError(error, error.cause, config)
  if (error instanceof mongo.MongoServerError) return explainDatabase(error)
  const translated = error instanceof Error ? fromDatabase(error) : null
  if (translated && error instanceof Error) return explainDatabase(error)
  return explainError(error).replace('Kura cannot start:', 'The command failed:')
}

/** Returns the part of the service that failed, with the reason that clients do not see. */
function explainAppError({ code }: AppError, cause: Error, config: Config | null): string {
  if (cause instanceof AppError && cause.cause instanceof Error)
    return explainAppError(cause, cause.cause, config)
  if (cause instanceof mongo.MongoError || fromDatabase(cause)) return explainDatabase(cause)
  const state =
    code === 'server_full' ? 'is full' : isRefusal(cause) ? 'refused a request' : 'is not reachable'
  return `${describeStore(config)} ${state}: ${causeOf(cause)}`
}

function explainDatabase(error: Error): string {
  if (fromDatabase(error)?.code === 'server_full') return `The database is full: ${error.message}`
  if (error instanceof mongo.MongoServerError && !fromDatabase(error))
    return `The database refused a command: ${error.message} (${error.codeName ?? error.code})`
  return `The database cannot be reached: ${error.message}`
}

function describeStore(config: Config | null): string {
  const { s3, dir } = config?.storage ?? {}
  if (!s3) return `The folder of the files${dir ? ` (${dir})` : ''}`
  return `The bucket ${s3.bucket} at ${s3.endpoint ?? `AWS, region ${s3.region}`}`
}

/** Returns whether a bucket answered that it does not accept a request. */
function isRefusal(error: Error): boolean {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } }
  // an error with advice has that of the bucket as its cause
  if (!$metadata) return error.cause instanceof Error && isRefusal(error.cause)
  const { httpStatusCode: status = 0 } = $metadata
  return status >= 300 && status < 500
}

/** Returns the message of an error, with the name of an error code of S3. */
const causeOf = ({ name, message }: Error) =>
  message.includes(name) || name === 'Error' ? message : `${name}: ${message}`
