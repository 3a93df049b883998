import { describeSpace } from '../../app/quota/describe.ts'
import { forUsers, type Operation } from './operation.ts'
import { get, list, remove } from './operations/assets.ts'
import { auth, create, login } from './operations/sign-in.ts'
import { upload } from './operations/upload.ts'

const space = forUsers({ answer: ({ context, user }) => describeSpace(context, user) })

const subscribe = forUsers({
  async answer({ connection }) {
    connection.isSubscribed = true
    return {}
  },
})

/** All operations by name. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries({ create, login, auth, list, get, upload, remove, space, subscribe }),
)
