import type { Response } from 'supertest'
import type { RightsFixture, Role } from '../support/app/rights-fixture.ts'
import { SocketClient } from '../support/app/socket.ts'
import { PASSWORD, type TestUser } from '../support/app/users.ts'
import { mp4, obj, png, svg } from '../support/data/samples.ts'

/** A route that changes something. */
export interface Way {
  name: string
  role: Role
  /** The database command that makes the change visible. */
  effect: string
  send: (as: TestUser, world: RightsFixture) => Promise<{ status: number; text: string }>
  /** The change concerns the asset, and a lock forbids it. */
  locks?: true
  /** The right is a condition of the update of the account itself. */
  ownAccount?: true
  /** The asset is public. */
  isPublic?: true
  /** What must be there before. */
  prepare?: (world: RightsFixture) => Promise<unknown>
}

const INSERT_ASSET = 'assets.insertOne'
const UPDATE_ASSET = 'assets.findOneAndUpdate'
const UPDATE_PROJECT = 'projects.findOneAndUpdate'
const picture = png({ width: 8, height: 8 })

type Send = (as: TestUser, world: RightsFixture) => PromiseLike<Response> | Promise<PromiseLike<Response>>
const way = (name: string, role: Role, effect: string, send: Send, more: Partial<Way> = {}): Way => ({
  name,
  role,
  effect,
  send: async (as, world) => send(as, world),
  ...more,
})

const STATUS: Record<string, number> = { unauthenticated: 401, forbidden: 403, not_found: 404, locked: 423 }

/** The same over a socket, its codes as statuses. */
const overSocket = (
  name: string,
  effect: string,
  send: (socket: SocketClient, world: RightsFixture) => Promise<{ err?: { code: string } | undefined }>,
): Way => ({
  name,
  role: 'owner',
  effect,
  async send({ token }, world) {
    const socket = await SocketClient.signedIn(world.app.origin, token)
    const { err } = await send(socket, world)
    socket.close()
    return { status: err ? (STATUS[err.code] ?? 500) : 200, text: JSON.stringify(err ?? null) }
  },
})

const ofWriters = (role: Role): Way[] => [
  way(
    `PATCH /api/assets/:id (${role})`,
    role,
    UPDATE_ASSET,
    (as, { scene }) => as.patch(scene.at()).send({ name: 'x' }),
    { locks: true },
  ),
  way(
    `PUT /api/assets/:id/files (${role})`,
    role,
    UPDATE_ASSET,
    (as, { scene }) => as.put(scene.at('/files')).attach('files', obj(), 'a.obj'),
    { locks: true },
  ),
  way(
    `POST /api/assets/:id/images (${role})`,
    role,
    UPDATE_ASSET,
    async (as, { scene }) => as.post(scene.at('/images')).attach('images', await picture, 'a.png'),
    { locks: true },
  ),
  way(
    `DELETE /api/assets/:id/images/:imageId (${role})`,
    role,
    UPDATE_ASSET,
    (as, { scene }) => as.delete(scene.at(`/images/${scene.imageId}`)),
    { locks: true },
  ),
  way(
    `PATCH /collections/:id (${role})`,
    role,
    UPDATE_ASSET,
    (as, { scene }) => as.patch(`/collections/${scene.asset._id}`).send({ collection: { title: 'x' } }),
    { locks: true },
  ),
  way(`PATCH /api/projects/:id (${role})`, role, UPDATE_PROJECT, (as, { scene }) =>
    as.patch(scene.project).send({ title: 'x' }),
  ),
  way(`POST /api/projects/:id/scenes (${role})`, role, UPDATE_PROJECT, (as, { scene }) =>
    as.post(`${scene.project}/scenes`).send({}),
  ),
  way(`PATCH /api/projects/:id/scenes/:sceneId (${role})`, role, UPDATE_PROJECT, (as, { scene }) =>
    as.patch(`${scene.project}/scenes/${scene.sceneId}`).send({ base: [scene.asset._id] }),
  ),
  way(`DELETE /api/projects/:id/scenes/:sceneId (${role})`, role, UPDATE_PROJECT, (as, { scene }) =>
    as.delete(`${scene.project}/scenes/${scene.sceneId}`),
  ),
  way(`POST /base into a project (${role})`, role, UPDATE_PROJECT, (as, { scene }) =>
    as.post('/base').field('projectId', String(scene.projectId)).attach('file', svg(), 'a.svg'),
  ),
  way(`POST /overlay into a scene (${role})`, role, UPDATE_PROJECT, (as, { scene }) =>
    as
      .post('/overlay')
      .field('projectId', String(scene.projectId))
      .field('sceneId', scene.sceneId)
      .attach('file', mp4(), 'a.mp4'),
  ),
]

const hold = ({ scene, owner }: RightsFixture) =>
  owner.put(scene.at('/lock')).send({ legalHold: true }).expect(200)

const tagged = ({ scene, owner }: RightsFixture) =>
  owner
    .patch(scene.at())
    .send({ tags: ['wood'] })
    .expect(200)

const OWNERS: Way[] = [
  way('PUT /api/files/:filename', 'owner', INSERT_ASSET, (as) => as.put('/api/files/a.obj').send(obj())),
  way('POST /api/assets', 'owner', INSERT_ASSET, (as) =>
    as.post('/api/assets').field('visibility', 'public').attach('files', obj(), 'a.obj'),
  ),
  way('POST /api/upload', 'owner', INSERT_ASSET, (as) =>
    as.post('/api/upload').attach('file', obj(), 'a.obj'),
  ),
  way('POST /images', 'owner', INSERT_ASSET, (as) => as.post('/images').attach('image', svg(), 'a.svg')),
  way('POST /base', 'owner', INSERT_ASSET, (as) => as.post('/base').attach('file', svg(), 'a.svg')),
  way(
    'POST /overlay, the first project of the user',
    'owner',
    'projects.insertOne',
    (as) => as.post('/overlay').attach('file', mp4(), 'a.mp4'),
    { prepare: ({ owner, scene }) => owner.delete(scene.project).expect(204) },
  ),
  way('POST /uploads', 'owner', INSERT_ASSET, (as) =>
    as.post('/uploads').field('upload[title]', 'x').attach('upload[file]', obj(), 'a.obj'),
  ),
  way(
    'DELETE /uploads/:id',
    'owner',
    UPDATE_ASSET,
    (as, { scene }) => as.delete(`/uploads/${scene.asset._id}`),
    { locks: true },
  ),
  way('PATCH /api/assets/:id {visibility}', 'owner', UPDATE_ASSET, (as, { scene }) =>
    as.patch(scene.at()).send({ visibility: 'public' }),
  ),
  way('DELETE /api/assets/:id', 'owner', UPDATE_ASSET, (as, { scene }) => as.delete(scene.at()), {
    locks: true,
  }),
  way(
    'POST /api/remove',
    'owner',
    UPDATE_ASSET,
    (as, { scene }) => as.post('/api/remove').send({ id: scene.asset._id.toString() }),
    { locks: true },
  ),
  way('PUT /api/assets/:id/lock', 'owner', UPDATE_ASSET, (as, { scene }) =>
    as.put(scene.at('/lock')).send({ legalHold: true }),
  ),
  way('DELETE /api/assets/:id/lock', 'owner', UPDATE_ASSET, (as, { scene }) => as.delete(scene.at('/lock')), {
    prepare: hold,
  }),
  way('PUT /api/assets/:id/collaborators/:username', 'owner', UPDATE_ASSET, (as, { scene }) =>
    as.put(scene.at('/collaborators/nobody')).send({ access: 'read' }),
  ),
  way('DELETE /api/assets/:id/collaborators/:username', 'owner', UPDATE_ASSET, (as, { scene, writer }) =>
    as.delete(scene.at(`/collaborators/${writer.user.username}`)),
  ),
  way('POST /api/assets/:id/links', 'owner', 'links.insertOne', (as, { scene }) =>
    as.post(scene.at('/links')).send({ password: 'sesame' }),
  ),
  way('PATCH /api/assets/:id/links/:linkId', 'owner', 'links.findOneAndUpdate', (as, { scene }) =>
    as.patch(scene.at(`/links/${scene.linkId}`)).send({ password: 'sesame' }),
  ),
  way('DELETE /api/assets/:id/links/:linkId', 'owner', 'links.updateOne', (as, { scene }) =>
    as.delete(scene.at(`/links/${scene.linkId}`)),
  ),
  way(
    'PATCH /api/tags/:tag',
    'owner',
    UPDATE_ASSET,
    (as) => as.patch('/api/tags/wood').send({ tag: 'metal' }),
    { prepare: tagged },
  ),
  way('DELETE /api/tags/:tag', 'owner', UPDATE_ASSET, (as) => as.delete('/api/tags/wood'), {
    prepare: tagged,
  }),
  way('POST /api/projects', 'owner', 'projects.insertOne', (as) =>
    as.post('/api/projects').send({ title: 'x' }),
  ),
  way('DELETE /api/projects/:id', 'owner', 'projects.deleteOne', (as, { scene }) => as.delete(scene.project)),
  way('PUT /api/projects/:id/collaborators/:username', 'owner', UPDATE_PROJECT, (as, { scene }) =>
    as.put(`${scene.project}/collaborators/nobody`).send({ access: 'read' }),
  ),
  way('DELETE /api/projects/:id/collaborators/:username', 'owner', UPDATE_PROJECT, (as, { scene, writer }) =>
    as.delete(`${scene.project}/collaborators/${writer.user.username}`),
  ),
  way(
    'PATCH /api/users/me',
    'owner',
    'users.findOneAndUpdate',
    (as) => as.patch('/api/users/me').send({ name: 'x' }),
    { ownAccount: true },
  ),
  way(
    'PUT /api/auth/password',
    'owner',
    'users.findOneAndUpdate',
    (as) => as.put('/api/auth/password').send({ current: PASSWORD, password: 'a third horse battery' }),
    { ownAccount: true },
  ),
  way(
    'PATCH /change-password',
    'owner',
    'users.findOneAndUpdate',
    (as) => as.patch('/change-password').send({ passwords: { old: PASSWORD, new: 'a third horse battery' } }),
    { ownAccount: true },
  ),
  way('DELETE /api/users/me', 'owner', 'users.updateOne', (as) =>
    as.delete('/api/users/me').send({ password: PASSWORD }),
  ),
  way('DELETE /api/auth/sessions/:id', 'owner', 'sessions.deleteOne', (as, { otherSession }) =>
    as.delete(`/api/auth/sessions/${otherSession._id}`),
  ),
  overSocket('op upload', INSERT_ASSET, (socket) =>
    socket.upload(obj(), { name: 'a.obj', visibility: 'public' }),
  ),
  overSocket('op remove', UPDATE_ASSET, (socket, { scene }) =>
    socket.ask('remove', { id: scene.asset._id.toString() }),
  ),
]

const ADMINS: Way[] = [
  way('PATCH /api/users/:id', 'admin', 'users.findOneAndUpdate', (as, { writer }) =>
    as.patch(`/api/users/${writer.user.id}`).send({ access: 'admin' }),
  ),
  way('PATCH /api/users/:id, another admin', 'admin', 'users.findOneAndUpdate', (as, { root }) =>
    as.patch(`/api/users/${root.user.id}`).send({ disabled: true }),
  ),
  way('DELETE /api/users/:id', 'admin', 'users.updateOne', (as, { writer }) =>
    as.delete(`/api/users/${writer.user.id}`),
  ),
  way(
    'DELETE /api/admin/assets/:id',
    'admin',
    UPDATE_ASSET,
    (as, { scene }) => as.delete(`/api/admin/assets/${scene.asset._id}`),
    { isPublic: true },
  ),
  way(
    'DELETE /api/admin/assets/:id/lock',
    'admin',
    UPDATE_ASSET,
    (as, { scene }) => as.delete(`/api/admin/assets/${scene.asset._id}/lock`),
    { prepare: hold },
  ),
]

export const WAYS: Way[] = [...ofWriters('writer'), ...ofWriters('owner'), ...OWNERS, ...ADMINS]
