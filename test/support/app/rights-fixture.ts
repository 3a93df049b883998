import { randomUUID } from 'node:crypto'
import type { Model } from 'mongoose'
import { changeRights } from '../../../app/accounts/change-rights.ts'
import { changePassword } from '../../../app/auth/change-password.ts'
import { shareWith, unshareWith } from '../../../app/sharing/share.ts'
import { Asset } from '../../../models/asset.ts'
import { Link } from '../../../models/link.ts'
import { Project } from '../../../models/project.ts'
import { Session, type SessionFields } from '../../../models/session.ts'
import { storeWaitingTerms } from '../../../models/term-writer.ts'
import { User } from '../../../models/user.ts'
import { setDeleting } from '../../../models/user-state.ts'
import { type AccessFixture, createAccessFixture } from './access-fixture.ts'
import type { TestApp } from './app.ts'
import { keysOf } from './state.ts'
import { PASSWORD, signIn, signUp, signUpAdmin, type TestUser } from './users.ts'

/** An asset and a project that a writer can change, the writer, and two admins. */
export interface RightsFixture {
  app: TestApp
  scene: AccessFixture
  owner: TestUser
  writer: TestUser
  /** An admin who can lose the role, in tests of admins. */
  admin: TestUser
  /** An admin who keeps the role. */
  root: TestUser
  /** Another session of the sender. */
  otherSession: SessionFields
}

export type Role = 'owner' | 'writer' | 'admin'

const shares = [
  ['asset', Asset],
  ['project', Project],
] as const
const sharedOf = ({ scene }: RightsFixture, type: 'asset' | 'project') =>
  type === 'asset' ? scene.asset : { _id: scene.projectId, owner: scene.owner.user._id }

async function share(world: RightsFixture, access: 'read' | 'write'): Promise<void> {
  const given = { username: world.writer.user.username, access }
  for (const [type, model] of shares)
    await shareWith(world.app.context, { type, model }, sharedOf(world, type), world.owner, given)
}

export async function createRightsFixture(
  app: TestApp,
  role: Role,
  isPublic = false,
): Promise<RightsFixture> {
  const scene = await createAccessFixture(app, isPublic ? 'public' : 'private')
  const { owner } = scene
  const name = randomUUID().slice(0, 8)
  const writer = await signUp(app, `writer-${name}`)
  const root = await signUpAdmin(app, `root-${name}`)
  const admin = role === 'admin' ? await signUpAdmin(app, `admin-${name}`) : root
  const sender = { owner, writer, admin }[role]
  const { session: otherSession } = await signIn(app, sender.user)
  const world = { app, scene, owner, writer, admin, root, otherSession }
  await share(world, 'write')
  return world
}

/** Expected status of a request, and the function that takes the right away while the request runs. */
type Loss = [status: number, lose: (world: RightsFixture, sender: TestUser) => Promise<unknown>]

/** Events that end the account or session of the sender. */
export const SENDER_LOSSES = {
  disabled: [401, ({ app, root }, { user }) => changeRights(app.context, root, user, { disabled: true })],
  deleted: [
    401,
    async (_world, { user }) => {
      await setDeleting(user._id, true)
      await Session.endAll(user._id)
    },
  ],
  'password changed in another session': [
    401,
    async ({ app, otherSession: session }) => {
      const change = { session, current: PASSWORD, password: 'another horse battery' }
      await changePassword(app.context, change, { address: undefined, userAgent: undefined })
    },
  ],
} as const satisfies Record<string, Loss>

/** Ends only the session: revoked from another session, or signed out. */
export const SESSION_ENDED: Loss = [401, (_world, { session }) => Session.end(session._id)]

/** Events that end the right of a writer. The right is stored in the changed document. */
export const WRITER_LOSSES = {
  removed: [
    404,
    async (world) => {
      for (const [type, model] of shares)
        await unshareWith(
          world.app.context,
          { type, model },
          sharedOf(world, type),
          world.owner,
          world.writer.user.username,
        )
    },
  ],
  lowered: [403, (world) => share(world, 'read')],
} as const satisfies Record<string, Loss>

export const LOCKED: Loss = [
  423,
  ({ scene }) =>
    Asset.updateOne({ _id: scene.asset._id }, { lock: { mode: null, until: null, legalHold: true } }),
]

/** The deletion of the owner's account ends the rights of others. It is checked together with the sender. */
export const OWNER_DELETED: Loss = [404, ({ owner }) => setDeleting(owner.user._id, true)]

export const DEMOTED: Loss = [
  403,
  ({ app, root }, { user }) => changeRights(app.context, root, user, { access: 'user' }),
]

/** The models of the documents that `readDocuments` reads. */
const MODELS = [Asset, Project, Link, Session, User] as Model<unknown>[]

/** Deletes the documents and objects of earlier tests, so that reading all of them stays fast. */
export async function deleteAll(app: TestApp): Promise<void> {
  for (const model of MODELS) await model.deleteMany({})
  await app.store.remove(await keysOf(app))
}

/** Returns a function that puts all documents back as they are now: much faster than another fixture. */
export async function rememberDocuments(): Promise<() => Promise<void>> {
  const remembered = await Promise.all(
    MODELS.map(async ({ collection }) => ({ collection, documents: await collection.find().toArray() })),
  )
  return async () => {
    for (const { collection, documents } of remembered) {
      await collection.deleteMany({})
      if (documents.length > 0) await collection.insertMany(documents)
    }
  }
}

/** Returns all documents that a request can change, by id, without the fields of a running upload. */
export async function readDocuments(): Promise<Map<string, unknown>> {
  // removes the marks of assets whose words wait
  await storeWaitingTerms()
  const [assets, projects, links, sessions, users] = await Promise.all([
    Asset.find({}, { intents: 0 }).lean(),
    Project.find().lean(),
    Link.find().lean(),
    Session.find().lean(),
    User.find({}, { space: 0 }).select('+passwordHash').lean(),
  ])
  const all = [...assets, ...projects, ...links, ...sessions, ...users]
  return new Map(all.map((one) => [one._id.toString(), one]))
}

/** Returns the traces of uploads: objects, upload records, used and reserved space. */
export async function readUploadTraces(app: TestApp) {
  const sums = { 'space.used': 1, 'space.files': 1, 'space.reserved': 1, 'space.uploads': 1 } as const
  return {
    keys: await keysOf(app),
    accounts: await User.find({}, sums).lean(),
  }
}
