import type { UserFields } from '../../models/user.ts'
import { hasOtherAdmin } from '../../models/user-state.ts'
import { conflict } from '../errors.ts'

type Admin = Pick<UserFields, '_id' | 'access' | 'disabled'>

/**
 * Lets an account give up being an admin, if it is one, while another remains. That is asked before and after, so
 * that of two last admins who leave at once at least one stays.
 *
 * @param leave what ends it, @param stay what undoes that
 * @throws conflict for the last admin
 */
export async function keepAnAdmin<T>(
  { _id, access, disabled }: Admin,
  { leave, stay }: { leave: () => Promise<T>; stay: () => Promise<unknown> },
): Promise<T> {
  const isLast = async () => access === 'admin' && !disabled && !(await hasOtherAdmin(_id))
  if (await isLast()) throw lastAdmin()
  const left = await leave()
  if (!(await isLast())) return left
  await stay()
  throw lastAdmin()
}

const lastAdmin = () => conflict('The last admin cannot be deleted, disabled or made an ordinary user.')
