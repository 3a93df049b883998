import { createHash, randomUUID } from 'node:crypto'
import type { Types } from 'mongoose'
import { updateReaders } from '../../../app/accounts/update-readers.ts'
import { signUrl } from '../../../app/assets/signed-url.ts'
import { createProject } from '../../../app/projects/projects.ts'
import { emptyScene } from '../../../app/projects/scenes.ts'
import { createLink } from '../../../app/sharing/links.ts'
import { shareWith } from '../../../app/sharing/share.ts'
import { Asset, type AssetFields } from '../../../models/asset.ts'
import { Project } from '../../../models/project.ts'
import { matchSessions } from '../../../models/session-account.ts'
import { grantRights } from '../../../models/user-state.ts'
import type { TestApp } from './app.ts'
import { insertAsset } from './assets.ts'
import { requestsOf, signUp, signUpAdmin, type TestUser } from './users.ts'

export const CALLERS = [
  'anonymous',
  'unrelated',
  'reader',
  'writer',
  'owner',
  'admin',
  'link holder',
] as const
export type Caller = (typeof CALLERS)[number]

/**
 * States of an asset. `private` and `public` have no collaborators. `shared` and `locked` are private with collaborators.
 * `closed` is public with collaborators, and its owner is disabled.
 */
export const STATES = ['private', 'public', 'shared', 'locked', 'closed'] as const
export type State = (typeof STATES)[number]

/** One asset with its owner, and the ids and addresses to request. */
export interface AccessFixture {
  state: State
  owner: TestUser
  asset: AssetFields
  /** Returns a path below the asset. */
  at(rest?: string): string
  /** Returns a path below a link of the asset, or below an unknown link. */
  byLink(holds: boolean, rest?: string): string
  fileId: string
  imageId: string
  linkId: string
  signedUrl: string
  projectId: Types.ObjectId
  project: string
  sceneId: string
  /** Unique texts of this asset. An answer to a caller without access must not contain them. */
  secrets: string[]
}

export type Requests = Pick<TestUser, 'get' | 'post' | 'put' | 'patch' | 'delete'>

export type CallerUsers = Record<'unrelated' | 'reader' | 'writer' | 'admin', TestUser>

export async function signUpCallers(app: TestApp): Promise<CallerUsers> {
  const [unrelated, reader, writer, admin] = await Promise.all([
    signUp(app, 'unrelated'),
    signUp(app, 'reader'),
    signUp(app, 'writer'),
    signUpAdmin(app, 'admin'),
  ])
  return { unrelated, reader, writer, admin }
}

/** Returns the requests of one caller. */
export function requestsBy(
  app: TestApp,
  users: CallerUsers,
  caller: Caller,
  { owner }: AccessFixture,
): Requests {
  if (caller === 'anonymous' || caller === 'link holder') return app.api
  return requestsOf(app, (caller === 'owner' ? owner : users[caller]).token)
}

/** Creates an asset in a state, with objects in the store, a link, and a project of the same owner. */
export async function createAccessFixture(app: TestApp, state: State): Promise<AccessFixture> {
  const { context, store } = app
  const owner = await signUp(app, `owner-${randomUUID().slice(0, 8)}`)
  const name = `a-${randomUUID()}`
  const file = {
    ...(await storeObject(app)),
    name: `${name}.bin`,
    mediaType: 'image/png',
    media: 'image' as const,
  }
  const picture = { mediaType: 'image/webp', width: 1, height: 1 }
  const image = {
    ...(await storeObject(app)),
    ...picture,
    thumbnail: { ...(await storeObject(app)), ...picture },
  }
  const inserted = await insertAsset(owner.user, {
    name,
    tags: [name],
    files: [file],
    images: [image],
    media: 'image',
    size: file.size,
    visibility: state === 'public' || state === 'closed' ? 'public' : 'private',
  })
  const { _id } = inserted
  const project = await createProject(owner, { title: name, scenes: [emptyScene()] })
  if (state === 'shared' || state === 'locked' || state === 'closed')
    for (const access of ['read', 'write'] as const) {
      const given = { username: access === 'read' ? 'reader' : 'writer', access }
      await shareWith(context, { type: 'asset', model: Asset }, inserted, owner, given)
      await shareWith(context, { type: 'project', model: Project }, project, owner, given)
    }
  const lock = {
    mode: 'compliance' as const,
    until: new Date(app.clock.now().getTime() + 3_600_000),
    legalHold: false,
  }
  if (state === 'locked') {
    await Asset.updateOne({ _id }, { lock })
    await store.protect([file.key], lock)
  }
  const asset = await Asset.findById(_id).orFail().lean()
  const { link, token } = await createLink(
    context,
    asset,
    owner,
    {},
    { address: undefined, userAgent: undefined },
  )
  const signedUrl = signUrl(context, asset, owner.user).url
  if (state === 'closed') {
    const disabled = await grantRights(owner.user._id, { disabled: true })
    if (disabled) await matchSessions(disabled)
    await updateReaders(owner.user._id)
  }
  return {
    state,
    owner,
    asset,
    at: (rest = '') => `/api/assets/${_id}${rest}`,
    byLink: (holds, rest = '') => `/api/links/${holds ? token : 'A'.repeat(43)}${rest}`,
    fileId: file.id,
    imageId: image.id,
    linkId: link._id.toString(),
    signedUrl,
    projectId: project._id,
    project: `/api/projects/${project._id}`,
    sceneId: String(project.scenes[0]?.id),
    secrets: [name, owner.user.username, token, file.id, image.id],
  }
}

async function storeObject({ store }: TestApp) {
  const key = `matrix/${randomUUID()}`
  const bytes = Buffer.from(key)
  await store.put(key, bytes)
  return {
    id: randomUUID(),
    key,
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  }
}
