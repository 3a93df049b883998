import type { Context } from '../app/context.ts'
import { unavailable } from '../app/errors.ts'

/** Refuses to write while the service has to wait, for example for its indexes. @throws `unavailable` */
export function assertWritable({ writesRefused }: Pick<Context, 'writesRefused'>): void {
  if (writesRefused !== null) throw unavailable(undefined, writesRefused.message)
}
