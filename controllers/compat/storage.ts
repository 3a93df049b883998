import { createAccount } from '../../app/accounts/register.ts'
import { createAsset } from '../../app/assets/create.ts'
import { removeById } from '../../app/assets/remove-unused.ts'
import { signIn } from '../../app/auth/sign-in.ts'
import { success } from '../../middleware/envelope.ts'
import type { Handler } from '../../middleware/handle.ts'
import { ownerView } from '../../models/views/user.ts'
import type * as rules from '../../routes/compat/storage.rules.ts'

export const create: Handler<typeof rules.create> = async ({ services, input, client }, res) => {
  const { user } = await createAccount(services, input, client)
  res.status(201).json(success({ id: user.id }))
}

/** A token for an email address and its password; the caller, and a token of the same session, for a token. */
export const login: Handler<typeof rules.login> = async (context, res) => {
  const { services, viewer, input, client } = context
  if (viewer) {
    const token = services.tokens.sign(context.session)
    res.json(success({ user: ownerView(viewer, services.config.space.quota), token }))
    return
  }
  const { token } = await signIn(services, { login: input.email, password: input.password }, client)
  res.json(success({ token }))
}

export const upload: Handler<typeof rules.upload> = async (context, res) => {
  const { _id } = await createAsset(context.services, context.upload, context.sender, {})
  res.status(201).json(success({ id: _id.toString() }))
}

export const remove: Handler<typeof rules.remove> = async ({ services, sender, input }, res) => {
  await removeById(services, input.id, sender, { force: input.force })
  res.json(success({ id: input.id }))
}
