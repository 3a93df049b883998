import { describeSpace } from '../../app/quota/describe.ts'
import { forUsers, type Operation } from './call.ts'
import { get, list, remove } from './ops/assets.ts'
import { auth, create, login } from './ops/sign-in.ts'
import { upload } from './ops/upload.ts'

const space = forUsers({ answer: ({ context, user }) => describeSpace(context, user) })

const subscribe = forUsers({
  async answer({ connection }) {
    connection.subscribed = true
    return {}
  },
})

/** Everything that a client can ask for, by its name (contract §8). */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries({ create, login, auth, list, get, upload, remove, space, subscribe }),
)
