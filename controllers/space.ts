import { describeSpace } from '../app/quota/describe.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler } from '../middleware/handle.ts'

export const read: Handler = async ({ context, user }, res) => {
  res.json(success(await describeSpace(context, user)))
}
