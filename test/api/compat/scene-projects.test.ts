import { expect } from 'chai'
import { emptyScene } from '../../../app/projects/scenes.ts'
import { Asset } from '../../../models/asset.ts'
import { Project, SCENES } from '../../../models/project.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { stateOf } from '../../support/app/state.ts'
import { requestsOf, signUp } from '../../support/app/users.ts'
import { animatedGif, png } from '../../support/data/samples.ts'

const PASSWORD = 'correct horse battery'
/** The fields of a client's own user that it sends back. */
const OWN = { id: '7', projects: [{ id: '1', scenes: [] }] }

/** The first project of a user, and the forms of input that clients of the scene editor send. */
describe('compatibility routes for scenes – first project and input of clients', () => {
  let app: TestApp
  let picture: Buffer
  let lastMobile = 10_000
  const newPhone = () => ({ mobile: String(++lastMobile), countryCode: '49', password: PASSWORD })

  before(async () => {
    app = await startApp()
    picture = await png()
  })
  after(() => app.stop())

  const signedIn = ({ body }: { body: { res: { user: { id: string }; token: string } } }) => {
    const { user, token } = body.res
    const client = requestsOf(app, token)
    const projects = async () => (await client.get(`/user/${user.id}`).expect(200)).body.res.user.projects
    return { id: user.id, user: user as unknown as Record<string, unknown>, projects, ...client }
  }

  for (const [path, status] of [
    ['/login', 200],
    ['/user', 201],
  ] as const) {
    it(`POST ${path} – new user → one empty project and texts in place of null`, async () => {
      const { user, ...me } = signedIn(await app.api.post(path).send(newPhone()).expect(status))
      expect(user).to.include({ name: 'User', firstName: 'User', lastName: '', profilePhoto: '' })
      const [project, ...others] = await me.projects()
      expect(others).to.deep.equal([])
      expect(project).to.include({ image: '' }).and.to.have.deep.property('scenes', [])
      expect(user.projects).to.deep.equal([project])
      const stored = await Project.find({ owner: me.id }).lean()
      expect(stored.map(({ _id }) => String(_id))).to.deep.equal([project.id])
      const account = await User.findById(me.id).orFail().lean()
      expect(account).to.include({ name: null, firstName: null, lastName: null, profilePhoto: null })
    })

    it(`POST ${path} – JSON numbers, own fields of the client, empty fields, multipart → accepted`, async () => {
      const { mobile, password } = newPhone()
      const sent = {
        mobile: Number(mobile),
        countryCode: 49,
        password,
        ...OWN,
        access: 'admin',
        profilePhoto: '',
      }
      const { user } = signedIn(await app.api.post(path).send(sent).expect(status))
      expect(user).to.include({ mobile, countryCode: '49', access: 'user', profilePhoto: '' })
      expect(user.id).not.to.equal(OWN.id)
      const form = { ...newPhone(), id: OWN.id, projects: JSON.stringify(OWN.projects), lastName: '' }
      for (const type of ['multipart/form-data', 'form']) {
        const fields = { ...form, ...newPhone() }
        const request = app.api.post(path)
        const answer = await (type === 'form' ? request.type('form').send(fields) : request.field(fields))
        expect(answer.status, JSON.stringify(answer.body)).to.equal(status)
        expect(answer.body.res.user).to.include({ mobile: fields.mobile, lastName: '' })
      }
    })
  }

  it('POST /user – number that is no telephone number → 400', async () => {
    for (const mobile of [1.5, -15_112_345, 123, 1e30, true, [15_112_345], {}]) {
      const { body } = await app.api.post('/user').send({ mobile, countryCode: 49 }).expect(400)
      expect(body.err.details[0].field).to.equal('mobile')
    }
  })

  it('POST /login, POST /base – many at the same time on two processes → one project', async () => {
    const apis = [app.api, await app.secondInstance()]
    const phone = newPhone()
    const logins = await Promise.all(
      Array.from({ length: 6 }, (_, n) => apis[n % 2]?.post('/login').send(phone)),
    )
    const id = logins[0]?.body.res.user.id
    expect(await Project.countDocuments({ owner: id })).to.equal(1)

    const ada = await signUp(app, 'ada')
    const uploads = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        apis[n % 2]
          ?.post('/base')
          .set('Authorization', `Bearer ${ada.token}`)
          .attach('file', picture, 'a.png'),
      ),
    )
    expect(uploads.map((answer) => answer?.status)).to.deep.equal(Array(6).fill(201))
    const [project, ...others] = await Project.find({ owner: ada.user._id }).lean()
    expect(others).to.deep.equal([])
    expect(project?.scenes).to.have.length(6)
  })

  it('POST /base, POST /overlay – no projectId → the first project, also beside newer ones', async () => {
    const me = signedIn(await app.api.post('/login').send(newPhone()).expect(200))
    const [first] = await me.projects()
    await me.post('/api/projects').send({ title: 'Newer' }).expect(201)
    const base = await me.post('/base').attach('file', picture, 'a.png').field('projectId', '').expect(201)
    const overlay = await me
      .post('/overlay')
      .attach('file', await animatedGif(), 'a.gif')
      .expect(201)
    for (const { body } of [base, overlay]) expect(body.res.projectId).to.equal(first.id)
    const projects = await me.projects()
    expect(projects.map(({ title }: { title: string }) => title)).to.deep.equal([first.title, 'Newer'])
    expect(projects[0].scenes).to.have.length(2)
  })

  it('POST /base – the first project is full, many uploads on two processes → the next with room, then one new project', async () => {
    const apis = [app.api, await app.secondInstance()]
    const phone = newPhone()
    const { id, ...me } = signedIn(await app.api.post('/login').send(phone).expect(200))
    const token = (await app.api.post('/login').send(phone).expect(200)).body.res.token
    const [first] = await me.projects()
    const { body } = await me.post('/api/projects').send({ title: 'Second' }).expect(201)
    const scenes = (count: number) => Array.from({ length: count }, () => emptyScene())
    await Project.updateOne({ _id: first.id }, { scenes: scenes(SCENES.max) })
    await Project.updateOne({ _id: body.res.project.id }, { scenes: scenes(SCENES.max - 2) })
    const shown = await me.projects()
    expect(shown.map(({ title }: { title: string }) => title)).to.deep.equal(['Second', first.title])
    const uploads = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        apis[n % 2]?.post('/base').set('Authorization', `Bearer ${token}`).attach('file', picture, 'a.png'),
      ),
    )
    expect(uploads.map((answer) => answer?.status)).to.deep.equal(Array(6).fill(201))
    const stored = await Project.find({ owner: id }).sort({ createdAt: 1 }).lean()
    expect(stored.map((project) => project.scenes.length)).to.deep.equal([SCENES.max, SCENES.max, 4])
    for (const answer of uploads) {
      const { projectId, sceneId } = answer?.body.res ?? {}
      const project = stored.find(({ _id }) => String(_id) === projectId)
      expect(project?.scenes.map((scene) => scene.id)).to.include(sceneId)
    }
    await Project.updateMany({ owner: id }, { scenes: scenes(SCENES.max) })
    const again = signedIn(await app.api.post('/login').send(phone).expect(200))
    const [empty] = await again.projects()
    expect(empty.scenes).to.deep.equal([])
    await me.post('/base').field('projectId', first.id).attach('file', picture, 'a.png').expect(413)
  })

  it('POST /login – user of an earlier release without a project, or whose last one was deleted → a project', async () => {
    const phone = newPhone()
    const me = signedIn(await app.api.post('/login').send(phone).expect(200))
    const [first] = await me.projects()
    await me.delete(`/api/projects/${first.id}`).expect(204)
    expect(await me.projects()).to.deep.equal([])
    await app.api.post('/login').send(phone).expect(200)
    expect(await me.projects()).to.have.length(1)
  })

  it('POST /base – localPath of the client → kept, returned to the owner only; url is the address', async () => {
    const me = signedIn(await app.api.post('/login').send(newPhone()).expect(200))
    const localPath = 'file:///storage/emulated/0/DCIM/Küche 1.png'
    const given = { localPath, id: '', originalName: 'x', baseId: 'x' }
    const { body } = await me.post('/base').field(given).attach('file', picture, 'kitchen.png').expect(201)
    const { baseId, url, projectId } = body.res
    expect(body.res).to.include({ localPath, originalName: 'kitchen.png', fileName: `${baseId}.png` })
    await app.api.get(url).expect(200)
    expect(await Asset.findById(baseId).orFail().lean()).to.include({ localPath })
    const [piece] = (await me.projects())[0].scenes[0].base
    expect(piece).to.include({ baseId, localPath })
    const none = await me
      .post('/overlay')
      .attach('file', await animatedGif(), 'rain.gif')
      .expect(201)
    expect(none.body.res).to.include({ localPath: '', fileName: `${none.body.res.baseId}.gif` })

    const bob = await signUp(app, 'bob')
    await me.put(`/api/projects/${projectId}/collaborators/bob`).send({ access: 'write' }).expect(200)
    await me.put(`/api/assets/${baseId}/collaborators/bob`).send({ access: 'read' }).expect(200)
    const seen = await bob.get(`/user/${bob.user.id}`).expect(200)
    expect(seen.body.res.user.projects[0].scenes[0].base[0]).to.include({ baseId, localPath: '' })
    const shown = await bob.get(`/api/assets/${baseId}`).expect(200)
    expect(JSON.stringify(shown.body)).not.to.contain('DCIM')
  })

  it('POST /base – no file, a localPath that is too long or has control characters → 400, nothing is left', async () => {
    const me = signedIn(await app.api.post('/login').send(newPhone()).expect(200))
    const before = await stateOf(app)
    for (const path of ['/base', '/overlay', '/images', '/api/upload']) {
      const { body } = await me.post(path).field('projectId', '').expect(400)
      const field = path === '/images' ? 'image' : 'file'
      expect(body.err.details, path).to.deep.include({ field, message: 'must contain a file' })
    }
    for (const localPath of ['x'.repeat(4097), 'a\u0001b'])
      await me.post('/base').field({ localPath }).attach('file', picture, 'a.png').expect(400)
    expect(await stateOf(app)).to.deep.equal(before)
  })
})
