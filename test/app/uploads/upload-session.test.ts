import { expect } from 'chai'
import { Types } from 'mongoose'
import { UploadSession } from '../../../app/uploads/upload-session.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { stateOf } from '../../support/app/state.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'

describe('UploadSession', () => {
  let app: TestApp
  let ada: TestUser

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    await User.updateOne({ _id: ada.user._id }, { 'space.limit': 1000 })
  })
  after(() => app.stop())

  const begin = () =>
    UploadSession.begin(app.context, {
      owner: ada.user._id,
      asset: new Types.ObjectId(),
      isNew: true,
      announced: undefined,
      mostFiles: 1,
    })

  it('UploadSession – several concurrent files up to the limit → all accepted, usage exact', async () => {
    const before = await stateOf(app)
    const uploadSession = await begin()
    await Promise.all([100, 200, 300, 400].map((bytes) => uploadSession.addBytes(bytes)))
    expect(await User.spaceOf(ada.user._id)).to.include({ reserved: 1000 })
    expect(await uploadSession.addBytes(1).catch((error) => error)).to.include({ code: 'space_exceeded' })
    await uploadSession.discard()
    expect(await stateOf(app)).to.deep.equal(before)
  })

  it('UploadSession – several concurrent files over the limit → only the excess refused', async () => {
    const uploadSession = await begin()
    const taken = await Promise.allSettled([600, 500, 400].map((bytes) => uploadSession.addBytes(bytes)))
    expect(taken.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled'])
    await uploadSession.discard()
  })
})
