import { success } from '../app/envelope.ts'
import { describeSpace } from '../app/space/describe.ts'
import type { Handler } from '../middleware/handle.ts'

export const read: Handler = async ({ services, user }, res) => {
  res.json(success(await describeSpace(services, user)))
}
