import type { TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { PASSWORD, signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'
import { png } from '../support/data/samples.ts'

/** Fields of a body as JSON has them. */
export type Fields = Record<string, unknown>

/** One valid request of an operation. */
interface Request {
  fields: Fields
  /** Values of the placeholders in the path. */
  params?: Record<string, string>
  /** Default: the user of the case; null: nobody. */
  as?: TestUser | null
}

/** The accounts of one case. No other case uses them. */
interface Scene {
  app: TestApp
  user: TestUser
  /** The name of the user, from which a case derives names of other accounts. */
  name: string
}

const PROFILE = {
  name: 'Ada L',
  firstName: 'Ada',
  lastName: 'Lovelace',
  mobile: '1511234567',
  countryCode: '49',
}
/** Fields of the client's own object of a user, which the routes of the scene editor ignore. */
const IGNORED = Object.fromEntries(
  ['id', 'projects', 'token', 'username', 'email', 'access', 'discoverable', 'space', 'settings']
    .concat('createdAt', 'updatedAt', 'lastAccessAt')
    .map((name) => [name, 'x']),
)
const NEW_PASSWORD = 'seven red lanterns'

const image = async (user: TestUser) => (await uploadAsset(user, {}, { 'room.png': await png() })).id

async function project(user: TestUser) {
  const created = await user.post('/api/projects').send({ title: 'Room' }).expect(201)
  const projectId: string = created.body.res.project.id
  const path = `/api/projects/${projectId}/scenes`
  const first = await user.post(path).send({}).expect(201)
  const second = await user.post(path).send({}).expect(201)
  return { projectId, scenes: [second.body.res.scene.id, first.body.res.scene.id] as [string, string] }
}

async function sceneLists(user: TestUser): Promise<Fields> {
  const [one, other] = [await image(user), await image(user)]
  return { base: [one, other], overlay: [one], overlayImage: [other, one], baseImage: [other] }
}

/** Valid requests of every operation that takes JSON, in their order. Together they have all fields. */
export const CASES: Record<string, (scene: Scene) => Promise<Request[]> | Request[]> = {
  register: ({ name }) => [
    {
      as: null,
      fields: { username: `${name}-new`, password: PASSWORD, ...PROFILE, email: `${name}@example.org` },
    },
    { as: null, fields: { email: `${name}-other@example.org` } },
  ],
  login: async ({ app, name }) => {
    await signUp(app, `${name}-phone`, {
      ...PROFILE,
      mobile: '1520000001',
      email: `${name}-phone@example.org`,
    })
    return [
      { login: name },
      { username: name },
      { email: `${name}-phone@example.org` },
      { mobile: '1520000001', countryCode: '+49' },
    ].map((fields) => ({ as: null, fields: { ...fields, password: PASSWORD } }))
  },
  changePassword: () => [{ fields: { current: PASSWORD, password: NEW_PASSWORD } }],
  updateProfile: ({ name }) => [
    {
      fields: {
        ...PROFILE,
        mobile: '1520000002',
        email: `${name}@example.org`,
        profilePhoto: 'https://example.org/a.png?b=c&d=e',
        discoverable: true,
      },
    },
    { fields: { discoverable: false } },
  ],
  removeProfile: () => [{ fields: { password: PASSWORD } }],
  administerUser: async ({ app, user, name }) => {
    const as = await signUpAdmin(app, `${name}-root`)
    const params = { userId: user.user.id }
    return [
      { as, params, fields: { access: 'admin', disabled: true } },
      { as, params, fields: { access: 'user', disabled: false } },
    ]
  },
  updateAsset: async ({ user }) => {
    const params = { assetId: await image(user) }
    return [
      {
        params,
        fields: {
          name: 'Stuhl "Köln" + 100 % & more = 3;\u00a05',
          description: 'First line\r\nsecond line\t& üñí 🪑',
          type: '3D',
          media: 'model',
          tags: ['wood', 'oak tree', 'ünï'],
          visibility: 'public',
          license: 'CC-BY-4.0',
          source: 'https://example.org/a?b=c&d=%20#e',
        },
      },
      { params, fields: { tags: ['one'] } },
      { params, fields: { tags: 'two, three' } },
      { params, fields: { description: '', tags: '' } },
    ]
  },
  renameTag: async ({ user }) => {
    await user
      .patch(`/api/assets/${await image(user)}`)
      .send({ tags: ['wood'] })
      .expect(200)
    return [{ params: { tag: 'wood' }, fields: { tag: 'ünï & wood' } }]
  },
  storageCreate: ({ name }) => [
    { as: null, fields: { email: `${name}-new@example.org`, name: 'Meck', password: 'x'.repeat(128) } },
  ],
  storageLogin: ({ user, name }) => storageSignIn(user, name),
  storageAuth: ({ user, name }) => storageSignIn(user, name),
  storageRemove: async ({ user }) => [
    { fields: { id: await image(user) } },
    { as: null, fields: { id: await image(user), token: user.token } },
  ],
  editorLogin: () => [
    { as: null, fields: { mobile: '1520000003', countryCode: '49', password: PASSWORD } },
    {
      as: null,
      fields: { ...IGNORED, ...PROFILE, mobile: '1520000003', password: PASSWORD, profilePhoto: 'x' },
    },
  ],
  editorCreateUser: () => [
    {
      as: null,
      fields: {
        ...PROFILE,
        mobile: '1520000004',
        profilePhoto: 'https://example.org/a.png',
        password: PASSWORD,
      },
    },
    { as: null, fields: { ...IGNORED, mobile: '1520000005' } },
  ],
  kumoSignUp: ({ name }) => [
    {
      as: null,
      fields: {
        credentials: { email: `${name}@example.org`, password: PASSWORD, password_confirmation: PASSWORD },
      },
    },
  ],
  kumoSignIn: async ({ app, name }) => {
    const email = `${name}-kumo@example.org`
    await signUp(app, `${name}-kumo`, { email })
    return [{ as: null, fields: { credentials: { email, password: PASSWORD } } }]
  },
  kumoChangePassword: () => [{ fields: { passwords: { old: PASSWORD, new: NEW_PASSWORD } } }],
  kumoUpdateCollection: async ({ user }) => [
    {
      params: { assetId: await image(user) },
      fields: { collection: { title: 'Oak & Köln', tag: 'a, b', url: 'x', user: 'y' } },
    },
  ],
  kumoUpdateUpload: async ({ user }) => [
    { params: { assetId: await image(user) }, fields: { upload: { title: 'Oak', tag: '' } } },
  ],
  lockAsset: async ({ user }) => {
    const params = { assetId: await image(user) }
    return [
      { params, fields: { mode: 'governance', until: '2030-01-01T12:00:00+01:00' } },
      { params, fields: { legalHold: true } },
    ]
  },
  createProject: async ({ user }) => [{ fields: { title: 'My room', image: await image(user) } }],
  updateProject: async ({ user }) => {
    const { projectId, scenes } = await project(user)
    const params = { projectId }
    return [
      { params, fields: { title: 'Larger room', image: await image(user), sceneOrder: scenes } },
      { params, fields: { title: 'Room' } },
    ]
  },
  createScene: async ({ user }) => {
    const { projectId } = await project(user)
    return [
      { params: { projectId }, fields: await sceneLists(user) },
      { params: { projectId }, fields: {} },
    ]
  },
  updateScene: async ({ user }) => {
    const { projectId, scenes } = await project(user)
    return [{ params: { projectId, sceneId: scenes[0] }, fields: await sceneLists(user) }]
  },
  setProjectCollaborator: async ({ app, user, name }) => {
    await signUp(app, `${name}-bob`)
    const { projectId } = await project(user)
    return [{ params: { projectId, username: `${name}-bob` }, fields: { access: 'write' } }]
  },
  setCollaborator: async ({ app, user, name }) => {
    await signUp(app, `${name}-bob`)
    return [{ params: { assetId: await image(user), username: `${name}-bob` }, fields: { access: 'write' } }]
  },
  createLink: async ({ user }) => {
    const params = { assetId: await image(user) }
    return [
      {
        params,
        fields: { expiresAt: '2030-01-01', maxDownloads: 3, password: 'sesame ö', label: 'For Bob' },
      },
      { params, fields: {} },
    ]
  },
  updateLink: async ({ user }) => {
    const assetId = await image(user)
    const { body } = await user.post(`/api/assets/${assetId}/links`).send({ label: 'Old' }).expect(201)
    const params = { assetId, linkId: body.res.link.id as string }
    return [
      { params, fields: { expiresAt: '2030-01-01', maxDownloads: 3, password: 'sesame', label: 'New' } },
      { params, fields: { label: 'Newer' } },
    ]
  },
}

async function storageSignIn(user: TestUser, name: string): Promise<Request[]> {
  const email = `${name}@example.org`
  await user.patch('/api/users/me').send({ email }).expect(200)
  return [
    { as: null, fields: { email, password: PASSWORD } },
    { as: null, fields: { token: user.token } },
  ]
}

/** Fields that only JSON can have, with the reason. */
export const JSON_ONLY: Record<string, string> = {
  'updateProfile settings': 'an object of any depth',
  'administerUser space': 'an object, in which null and a missing limit differ',
}
