import { Types } from 'mongoose'
import { createAsset } from '../../../app/assets/create.ts'
import { tooLarge } from '../../../app/errors.ts'
import { receiveStream } from '../../../app/uploads/receive-file.ts'
import { Intake } from '../../../app/uploads/upload-session.ts'
import { serializeAssets } from '../../../models/views/asset.ts'
import * as rules from '../../../routes/socket.rules.ts'
import type { Inflow } from '../binary-body.ts'
import { type Call, forUsers } from '../call.ts'

/** How often the client hears how far an upload is. */
const PROGRESS_MS = 250

/** Takes one file as binary frames and makes an asset of it. Whatever goes wrong, nothing of it stays. */
export const upload = forUsers({
  rules: rules.upload,
  takesBytes: true,
  writes: true,
  async answer(call, { size, ...given }) {
    const { context, user, inflow } = call
    if (!inflow) throw new TypeError('an upload needs its bytes')
    if (size > context.config.space.file) throw tooLarge('The file is larger than this server takes.')
    const intake = await Intake.begin(context, {
      owner: user._id,
      asset: new Types.ObjectId(),
      isNew: true,
      announced: size,
      mostFiles: 1,
      overhead: 0,
    })
    try {
      const file = await receive(call, intake, inflow, { name: given.name, size })
      const asset = await createAsset(context, { intake, files: [file], images: [] }, call, given)
      const [view] = await serializeAssets([asset], user, context.clock.now())
      return { asset: view }
    } catch (error) {
      await intake.discardSoon()
      throw error
    }
  },
})

function receive(
  { connection, context, id }: Call,
  intake: Intake,
  stream: Inflow,
  { name, size }: { name: string; size: number },
) {
  let received = 0
  let told = Date.now()
  const passed = (bytes: number) => {
    received += bytes
    if (received < size && Date.now() - told < PROGRESS_MS) return
    told = Date.now()
    connection.send({ event: 'upload.progress', id, received, size })
  }
  connection.send({ event: 'upload.ready', id })
  stream.accept(size)
  return receiveStream(context.store, intake, { name, size, stream, passed })
}
