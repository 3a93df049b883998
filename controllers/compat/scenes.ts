import { createAccount, ensurePhoneAccount } from '../../app/accounts/register.ts'
import type { ClientInfo } from '../../app/auth/client-info.ts'
import { readingsOf } from '../../app/auth/passwords.ts'
import { beginSession, readAccount, type SignedIn, signIn } from '../../app/auth/sessions.ts'
import type { Context } from '../../app/context.ts'
import { notFound } from '../../app/errors.ts'
import { ensureProjectWithRoom } from '../../app/projects/first-project.ts'
import { placeUpload } from '../../app/projects/place-upload.ts'
import { serializeEditorUser, serializeSceneAsset } from '../../app/projects/scene-editor.ts'
import { searchInTurn } from '../../app/search/search.ts'
import { success } from '../../middleware/envelope.ts'
import type { Handler } from '../../middleware/handle.ts'
import type * as rules from '../../routes/compat/scenes.rules.ts'

/** Signs in with a telephone number. The first sign-in with a number creates its account with the given password. */
export const login: Handler<typeof rules.login> = async ({ context, input, client }, res) => {
  const { mobile, countryCode, password } = input
  const [newPassword = password] = readingsOf({ password, folds: true })
  await ensurePhoneAccount(context, { mobile, countryCode, password: newPassword }, client)
  const signedIn = await signIn(context, { ...input, folds: true }, client)
  res.json(success(await welcome(context, signedIn, client)))
}

export const createUser: Handler<typeof rules.user> = async ({ context, input, client }, res) => {
  const { user: made, accountKey } = await createAccount(context, input, client)
  const signedIn = await welcome(context, await beginSession(context, made, client), client)
  res.status(201).json(success({ ...signedIn, ...(accountKey ? { accountKey } : {}) }))
}

/** Creates a project for a user who has none with room. Returns the answer to a sign-in. */
async function welcome(context: Context, { user, session, token }: SignedIn, client: ClientInfo) {
  await ensureProjectWithRoom({ user, session, clock: context.clock })
  const serialized = await searchInTurn(context, user, client, () => serializeEditorUser(context, user, user))
  return { token, user: serialized }
}

/** Returns the caller with their projects. */
export const readUser: Handler = async ({ req, context, user, session, client }, res) => {
  if (req.params.userId !== user._id.toString()) throw notFound()
  const account = await readAccount(session)
  const serialized = await searchInTurn(context, user, client, () =>
    serializeEditorUser(context, account, user),
  )
  res.json(success({ user: serialized }))
}

export const place: Handler<ReturnType<typeof rules.place>> = async (
  { context, upload, sender, user, input },
  res,
) => {
  const { asset, ...ids } = await placeUpload(context, upload, sender, input)
  res.status(201).json(success({ ...ids, ...serializeSceneAsset(context, asset, user) }))
}
