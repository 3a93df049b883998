import { hashPassword } from '../../models/password.ts'
import type { Context } from '../context.ts'
import { addressKey, type ClientInfo } from './client-info.ts'

/**
 * Hashes a new password when it is the turn of the client's address.
 *
 * @throws unavailable when the queue is full
 */
export const hashInTurn = (
  { config, queues }: Pick<Context, 'config' | 'queues'>,
  { address, signal }: ClientInfo,
  password: string,
): Promise<string> =>
  queues.passwords.run(addressKey(address), () => hashPassword(password, config.auth.bcryptCost), signal)
