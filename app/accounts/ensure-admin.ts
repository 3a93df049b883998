import { ConfigError } from '../../config/env.ts'
import { USERNAME, User } from '../../models/user.ts'
import { refuseWeakPassword } from '../auth/passwords.ts'
import type { AssetContext, Context } from '../context.ts'
import { AppError } from '../errors.ts'
import { finishDeletion } from './delete-account.ts'

/**
 * Creates the admin account of the configuration unless it exists. An existing account keeps its password.
 *
 * @throws ConfigError when the name belongs to an ordinary account, or the name or password of a new account is refused
 */
export async function ensureAdmin(context: AssetContext & Pick<Context, 'config'>): Promise<void> {
  const { config } = context
  const { admin } = config.auth
  if (!admin) return
  const found = await User.findByName(admin.username)
  if (found?.deleting) await finishDeletion(context, found._id)
  const account = found && !found.deleting ? found : await create(admin, config)
  if (account.access !== 'admin')
    throw new ConfigError([
      `ADMIN_USERNAME names the ordinary account "${account.username}"; choose another name, or let an admin give this account admin access`,
    ])
}

async function create(
  { username, password }: { username: string; password: string },
  { auth }: Context['config'],
) {
  const { min, max, pattern } = USERNAME
  if (username.length < min || username.length > max || !pattern.test(username))
    throw new ConfigError([
      `ADMIN_USERNAME must have ${min} to ${max} letters, digits, dots, underscores or hyphens`,
    ])
  try {
    await refuseWeakPassword(password, [username])
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    throw new ConfigError(error.details.map(({ message }) => `ADMIN_PASSWORD ${message}`))
  }
  const options = { cost: auth.bcryptCost, access: 'admin' as const }
  return User.register({ username }, password, options).catch(async (error) => {
    // another process that started at the same time created the account first
    const other = await User.findByName(username)
    if (!other) throw error
    return other
  })
}
