import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { Types } from 'mongoose'
import { emptyScene } from '../../../app/projects/scenes.ts'
import { Project, SCENE_LIST, SCENES, type Scene } from '../../../models/project.ts'
import { Session } from '../../../models/session.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { stateOf } from '../../support/app/state.ts'
import { requestsOf, signUp } from '../../support/app/users.ts'
import { animatedGif, mp4, obj, png } from '../../support/data/samples.ts'

const PHONE = { mobile: '15112345678', countryCode: '49' }
const PASSWORD = 'correct horse battery'

/** The requests of the scene editor. */
describe('compatibility routes for scenes', () => {
  let app: TestApp
  const login = (body: object) => app.api.post('/login').send(body)
  const enter = async (phone: object) => {
    const { body } = await login({ ...PHONE, ...phone, password: PASSWORD }).expect(200)
    return { id: body.res.user.id as string, ...requestsOf(app, body.res.token) }
  }

  before(async () => {
    app = await startApp({ env: { USER_SPACE_BYTES: '200000' } })
  })
  after(() => app.stop())

  it('POST /login – first login → creates the user; later logins need the same password', async () => {
    const first = await login({ ...PHONE, password: PASSWORD }).expect(200)
    expect(first.body.res).to.have.all.keys('token', 'user')
    const { user } = first.body.res
    expect(user).to.include({ ...PHONE, access: 'user', discoverable: false })
    expect(user.username).not.to.contain(PHONE.mobile)
    expect(await Session.countDocuments({ user: user.id })).to.equal(1)

    const again = await app.api
      .post('/login/')
      .type('form')
      .send({ ...PHONE, countryCode: '+49', password: PASSWORD })
      .expect(200)
    expect(again.body.res.user.id).to.equal(user.id)
    const wrong = await login({ ...PHONE, password: 'another password' }).expect(401)
    expect(wrong.body.err.code).to.equal('bad_credentials')
    expect(await User.countDocuments({ mobile: PHONE.mobile })).to.equal(1)
  })

  it('POST /login – many first logins at once → one user', async () => {
    const phone = { mobile: '777777', countryCode: '1', password: PASSWORD }
    const answers = await Promise.all(Array.from({ length: 5 }, () => login(phone).expect(200)))
    expect(new Set(answers.map(({ body }) => body.res.user.id)).size).to.equal(1)
    expect(await User.countDocuments({ mobile: phone.mobile })).to.equal(1)
  })

  it('POST /login – several first passwords at once on two processes → one wins', async () => {
    const apis = [app.api, await app.secondInstance()]
    const phone = { mobile: '888888', countryCode: '1' }
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        apis[n % 2]?.post('/login').send({ ...phone, password: `${PASSWORD} ${n}` }),
      ),
    )
    const statuses = answers.map((answer) => answer?.status).sort()
    expect(statuses).to.deep.equal([200, 401, 401, 401, 401, 401])
    const winner = answers.findIndex((answer) => answer?.status === 200)
    expect(await User.countDocuments({ mobile: phone.mobile })).to.equal(1)
    await login({ ...phone, password: `${PASSWORD} ${winner}` }).expect(200)
  })

  it('POST /login – digest of any length as password → accepted', async () => {
    const digest = createHash('sha512').update(PASSWORD).digest('hex')
    const phone = { mobile: '999999', countryCode: '1' }
    await app.api
      .post('/user')
      .send({ ...phone, password: digest })
      .expect(201)
    await login({ ...phone, password: digest }).expect(200)
    await login({ ...phone, password: `${digest.slice(0, -1)}x` }).expect(401)
    await login({ mobile: '999990', countryCode: '1', password: digest }).expect(200)
    await login({ mobile: '999990', countryCode: '1', password: digest }).expect(200)
  })

  it('POST /user – with or without country and password → user', async () => {
    const profile = {
      name: 'Grace',
      firstName: 'G',
      lastName: 'H',
      profilePhoto: 'https://example.org/g.png',
    }
    const { body } = await app.api
      .post('/user')
      .send({ mobile: '20000', countryCode: '1', password: PASSWORD, ...profile })
      .expect(201)
    expect(body.res).to.have.all.keys('user', 'token')
    expect(body.res.user).to.include({ mobile: '20000', ...profile })
    await login({ mobile: '20000', countryCode: '1', password: PASSWORD }).expect(200)
    const taken = await app.api.post('/user').send({ mobile: '20000', countryCode: '1' }).expect(409)
    expect(taken.body.err.details).to.deep.equal([{ field: 'mobile', message: 'is taken' }])

    const bare = await app.api.post('/user').send({ mobile: '30000', countryCode: null }).expect(201)
    expect(bare.body.res.user).to.include({ mobile: '30000', countryCode: null })
    const me = requestsOf(app, bare.body.res.token)
    await me.patch('/api/users/me').send({ name: 'Bare' }).expect(200)
    await me.patch('/api/users/me').send({ mobile: '40000' }).expect(400)
    const { username } = bare.body.res.user
    await app.api.post('/api/auth/login').send({ username, password: bare.body.res.accountKey }).expect(200)
  })

  it('POST /base – first upload → a scene of the first project; later uploads fill it', async () => {
    const me = await enter({ mobile: '50000' })
    const picture = await png()
    const first = await me.post('/base').attach('file', picture, 'room.png').expect(201)
    const { projectId, sceneId, ...piece } = first.body.res
    const fields = ['baseId', 'originalName', 'originalExtn', 'localPath', 'url']
    expect(piece).to.have.all.keys('fileName', ...fields)
    expect(piece).to.include({ originalName: 'room.png', originalExtn: 'png', localPath: '' })
    const shown = await app.api.get(piece.url).expect(200).expect('Content-Type', 'image/png')
    expect(picture.equals(shown.body)).to.equal(true)

    const fill = (path: string, list: string | null, bytes: Buffer, name: string) => {
      const request = me.post(path).field('projectId', projectId).field('sceneId', sceneId)
      return (list ? request.field('list', list) : request).attach('file', bytes, name).expect(201)
    }
    const film = await fill('/overlay', null, mp4(), 'film.mp4')
    const moving = await fill('/overlay/', 'overlay', await animatedGif(), 'moving.gif')
    const still = await fill('/overlay', 'overlayImage', picture, 'still.png')
    const behind = await fill('/base', 'baseImage', picture, 'behind.png')
    for (const { body } of [film, moving, still, behind]) expect(body.res).to.include({ projectId, sceneId })
    const next = await me
      .post('/base')
      .attach('file', picture, 'b.png')
      .field('projectId', projectId)
      .expect(201)
    expect(next.body.res.projectId).to.equal(projectId)
    expect(next.body.res.sceneId).not.to.equal(sceneId)

    const { body } = await me.get(`/user/${me.id}`).expect(200)
    const [project, ...others] = body.res.user.projects
    expect(others).to.deep.equal([])
    expect(project).to.have.all.keys('id', 'title', 'image', 'scenes')
    expect(project.scenes).to.have.length(2)
    const [scene] = project.scenes
    expect(scene).to.have.all.keys('id', 'base', 'overlay', 'overlayImage', 'baseImage')
    expect(scene.base[0]).to.have.all.keys(fields)
    expect(scene.overlay[0]).to.have.all.keys('fileName', ...fields)
    const names = (list: { originalName: string }[]) => list.map(({ originalName }) => originalName)
    expect(names(scene.overlay)).to.deep.equal(['film.mp4', 'moving.gif'])
    expect([...names(scene.overlayImage), ...names(scene.baseImage)]).to.deep.equal([
      'still.png',
      'behind.png',
    ])
    for (const { url } of [...scene.base, ...scene.overlay]) await app.api.get(url).expect(200)

    await me.delete(`/api/assets/${scene.base[0].baseId}`).expect(409)
    await me.delete(`/api/assets/${scene.base[0].baseId}?force=1`).expect(204)
    expect((await Project.findById(projectId).orFail()).scenes[0]?.base).to.have.length(0)
  })

  it('GET /user – another user → refused', async () => {
    const me = await enter({ mobile: '60000' })
    const ada = await signUp(app, 'ada')
    await ada.get(`/user/${me.id}`).expect(404)
    await ada.get('/user/x').expect(404)
    await app.api.get(`/user/${me.id}`).expect(401)
  })

  it('scene routes – wrong type, place or user → refused, nothing is left', async () => {
    const me = await enter({ mobile: '70000' })
    const ada = await signUp(app, 'bea')
    const made = await me
      .post('/base')
      .attach('file', await png(), 'a.png')
      .expect(201)
    const { projectId, sceneId } = made.body.res
    await me.put(`/api/projects/${projectId}/collaborators/bea`).send({ access: 'read' }).expect(200)
    const before = await stateOf(app)
    const projects = await Project.find().lean()
    const picture = await png()
    const gif = await animatedGif()
    for (const [who, path, bytes, fields, status] of [
      [me, '/base', mp4(), {}, 415],
      [me, '/base', obj(), {}, 415],
      [me, '/base', gif, { list: 'baseImage' }, 415],
      [me, '/overlay', picture, {}, 415],
      [me, '/overlay', mp4(), { list: 'overlayImage' }, 415],
      [me, '/base', picture, { list: 'overlay' }, 400],
      [me, '/base', picture, { sceneId }, 400],
      [me, '/base', picture, { projectId: 'x' }, 404],
      [me, '/base', picture, { projectId, sceneId: 'x' }, 404],
      [ada, '/base', picture, { projectId }, 403],
      [me, '/base', Buffer.concat([picture, Buffer.alloc(300_000)]), {}, 507],
    ] as const) {
      const { status: answered, text } = await who.post(path).field(fields).attach('file', bytes, 'a.bin')
      expect(answered, `${path} ${JSON.stringify(fields)} ${text}`).to.equal(status)
    }
    await app.api.post('/base').attach('file', picture, 'a.png').expect(401)
    await me.post('/base').field('x', 'y').expect(400)
    await login({ ...PHONE }).expect(400)
    await login({ mobile: '15', countryCode: '49', password: PASSWORD }).expect(400)
    await login({ mobile: '99999', countryCode: '49', password: 'password' }).expect(400)
    await login({ ...PHONE, login: 'bea', password: PASSWORD }).expect(400)
    await app.api.post('/user').send({ name: 'x' }).expect(400)
    expect(await stateOf(app)).to.deep.equal(before)
    expect(await Project.find().lean()).to.deep.equal(projects)
  })

  it('scene routes – list or project is full → refused, nothing is left', async () => {
    const me = await enter({ mobile: '80000' })
    const picture = await png()
    const made = await me.post('/base').attach('file', picture, 'a.png').expect(201)
    const { projectId, sceneId, baseId } = made.body.res
    const fill = async (scenes: Partial<Scene>[]) => {
      await Project.updateOne(
        { _id: projectId },
        { scenes: scenes.map((scene) => ({ ...emptyScene(), ...scene })) },
      )
    }
    const refused = async (fields: Record<string, string>) => {
      const before = { ...(await stateOf(app)), projects: await Project.find().lean() }
      const { body } = await me.post('/base').field(fields).attach('file', picture, 'b.png').expect(413)
      expect(body.err.code).to.equal('too_large')
      expect({ ...(await stateOf(app)), projects: await Project.find().lean() }).to.deep.equal(before)
    }

    await fill([{ id: sceneId, base: Array(SCENE_LIST.max).fill(new Types.ObjectId(baseId)) }])
    await refused({ projectId, sceneId })
    await fill(Array(SCENES.max).fill({}))
    await refused({ projectId })
  })
})
