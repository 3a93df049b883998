import { createAccount, ensurePhoneAccount } from '../../app/accounts/register.ts'
import { beginSession, readAccount, signIn } from '../../app/auth/sessions.ts'
import { notFound } from '../../app/errors.ts'
import { placeUpload, serializeEditorProjects, serializeSceneAsset } from '../../app/projects/scene-editor.ts'
import { searchInTurn } from '../../app/search/search.ts'
import { success } from '../../middleware/envelope.ts'
import type { Handler } from '../../middleware/handle.ts'
import { Project } from '../../models/project.ts'
import { serializeOwnUser } from '../../models/views/user.ts'
import type * as rules from '../../routes/compat/scenes.rules.ts'

/** Number of newest projects in the answer for a user. `/api/projects` lists all. */
export const SHOWN_PROJECTS = 100

/** Signs in with a telephone number. The first sign-in with a number creates its account with the given password. */
export const login: Handler<typeof rules.login> = async ({ context, input, client }, res) => {
  await ensurePhoneAccount(context, input, client)
  const { user, token } = await signIn(context, input, client)
  res.json(success({ token, user: serializeOwnUser(user, context.config.space.quota) }))
}

export const createUser: Handler<typeof rules.user> = async ({ context, input, client }, res) => {
  const { user: made, accountKey } = await createAccount(context, input, client)
  const { user, token } = await beginSession(context, made, client)
  res.status(201).json(
    success({
      user: serializeOwnUser(user, context.config.space.quota),
      token,
      ...(accountKey ? { accountKey } : {}),
    }),
  )
}

/** Returns the caller with their projects. */
export const readUser: Handler = async ({ req, context, user, session, client }, res) => {
  if (req.params.userId !== user._id.toString()) throw notFound()
  const projects = await searchInTurn(context, user, client, async () => {
    const own = await Project.listFor(user, { limit: SHOWN_PROJECTS, from: undefined })
    return serializeEditorProjects(context, own.projects, user)
  })
  const account = await readAccount(session)
  res.json(success({ user: { ...serializeOwnUser(account, context.config.space.quota), projects } }))
}

export const place: Handler<ReturnType<typeof rules.place>> = async (
  { context, upload, sender, user, input },
  res,
) => {
  const { asset, ...ids } = await placeUpload(context, upload, sender, input)
  res.status(201).json(success({ ...ids, ...serializeSceneAsset(context, asset, user) }))
}
