import { createAccount } from '../../app/accounts/register.ts'
import { createAsset } from '../../app/assets/create.ts'
import { removeAssetById } from '../../app/assets/remove.ts'
import { readAccount, signIn } from '../../app/auth/sessions.ts'
import { success } from '../../middleware/envelope.ts'
import type { Handler } from '../../middleware/handle.ts'
import { serializeOwnUser } from '../../models/views/user.ts'
import type * as rules from '../../routes/compat/storage.rules.ts'

export const create: Handler<typeof rules.create> = async ({ context, input, client }, res) => {
  const { user } = await createAccount(context, input, client)
  res.status(201).json(success({ id: user.id }))
}

/** Returns a token for an email address and a password. With a token, returns the caller and a new token of that session. */
export const login: Handler<typeof rules.login> = async (request, res) => {
  const { context, viewer, input, client } = request
  if (viewer) {
    const { session } = request
    const token = context.tokens.sign(session)
    const user = await readAccount(session)
    res.json(success({ user: serializeOwnUser(user, context.config.space.quota), token }))
    return
  }
  const credentials = { login: input.email, password: input.password, folds: true }
  const { token } = await signIn(context, credentials, client)
  res.json(success({ token }))
}

export const upload: Handler<typeof rules.upload> = async (request, res) => {
  const { _id } = await createAsset(request.context, request.upload, request.sender, {})
  res.status(201).json(success({ id: _id.toString() }))
}

export const remove: Handler<typeof rules.remove> = async ({ context, sender, input }, res) => {
  await removeAssetById(context, input.id, sender, { evenIfUsed: input.force })
  res.json(success({ id: input.id }))
}
