import type { Test } from 'supertest'
import type { TestApp } from '../app/app.ts'
import { signUp, signUpAdmin } from '../app/users.ts'
import { obj, png } from '../data/samples.ts'
import type { DocumentedRoute } from './document.ts'

/** Values of the `{name}` placeholders in a path. */
export type Params = Record<string, string>

const ID = '0'.repeat(24)

/** Ids that do not exist, and any username. */
export const UNKNOWN_IDS: Params = {
  assetId: ID,
  fileId: 'none',
  filename: 'chair.obj',
  imageId: 'none',
  linkId: ID,
  projectId: ID,
  sceneId: 'none',
  sessionId: ID,
  tag: 'none',
  /** Token of a link. */
  token: 'none',
  /** Token of a signed URL. */
  signed: 'none',
  userId: ID,
  username: 'bob',
}

const takes = (type: string) => (route: DocumentedRoute) =>
  type in (route.operation.requestBody?.content ?? {})
export const takesJson = takes('application/json')
export const isForAdmins = ({ operation }: DocumentedRoute) => operation.tags.includes('Administration')
/** Whether a route takes files. Routes that take JSON take multipart bodies without files. */
const takesUpload = (route: DocumentedRoute) => takes('multipart/form-data')(route) && !takesJson(route)

/** Creates a user, Ada, with a public image asset, a preview image, a link and a project, to request any route. */
export async function createOpenApiFixture(app: TestApp) {
  const ada = await signUp(app, 'ada')
  const admin = await signUpAdmin(app, 'root')
  const picture = await png()

  async function createLink(assetId: string, terms: object = {}): Promise<Params> {
    const { body } = await ada.post(`/api/assets/${assetId}/links`).send(terms).expect(201)
    return { linkId: body.res.link.id, token: body.res.link.token }
  }

  async function createAsset(): Promise<Params> {
    const { body } = await ada
      .post('/api/assets')
      .field('visibility', 'public')
      .attach('files', picture, 'chair.png')
      .attach('images', picture, 'chair.png')
      .expect(201)
    const { id: assetId, files, images } = body.res.asset
    const link = await createLink(assetId)
    const { body: address } = await ada.get(`/api/assets/${assetId}/url`).expect(200)
    const signed = address.res.url.replace(/^.*\/api\/signed\//, '')
    return {
      ...UNKNOWN_IDS,
      userId: ada.user.id,
      assetId,
      fileId: files[0].id,
      imageId: images[0].id,
      signed,
      ...link,
      ...(await createProject()),
    }
  }

  async function createProject(): Promise<Params> {
    const { body } = await ada.post('/api/projects').send({ title: 'My room' }).expect(201)
    const projectId: string = body.res.project.id
    const { body: added } = await ada.post(`/api/projects/${projectId}/scenes`).send({}).expect(201)
    return { projectId, sceneId: added.res.scene.id }
  }

  const known = await createAsset()

  /** Requests a documented route for Ada's asset. Sender: Ada, or an admin where the route needs one. */
  function ask(
    route: DocumentedRoute,
    params: Params = known,
    token: string | null = isForAdmins(route) ? admin.token : ada.token,
  ): Test {
    const { method, path } = route
    const named = path.startsWith('/api/signed/') ? { ...params, token: params.signed } : params
    const url = path.replace(/\{(\w+)\}/g, (_all, name: string) => String(named[name as keyof typeof named]))
    const verb = method.toLowerCase() as 'head' | 'get' | 'put' | 'post' | 'delete' | 'patch'
    const request = app.api[verb](url)
    return token === null ? request : request.set('Authorization', `Bearer ${token}`)
  }

  /** Attaches a file or an image if the route accepts one. */
  function withUpload(route: DocumentedRoute, request: Test): Test {
    if (!takesUpload(route)) return request
    const schema = route.operation.requestBody?.content['multipart/form-data']?.schema
    const [field = 'files'] = (schema?.required as string[] | undefined) ?? []
    return field === 'files' ? request.attach(field, obj(), 'a.obj') : request.attach(field, picture, 'a.png')
  }

  return { ada, known, ask, withUpload, createAsset, createLink }
}

export type OpenApiFixture = Awaited<ReturnType<typeof createOpenApiFixture>>
