import { Types } from 'mongoose'
import { createAsset } from '../../../app/assets/create.ts'
import { plainUrls } from '../../../app/assets/signed-url.ts'
import { fileTooLarge } from '../../../app/errors.ts'
import { UploadSession } from '../../../app/uploads/upload-session.ts'
import { serializeAssets } from '../../../models/views/asset.ts'
import * as rules from '../../../routes/socket.rules.ts'
import type { UploadBody } from '../binary-receiver.ts'
import { type Call, forUsers } from '../operation.ts'

/** Interval of `upload.progress` events. */
const PROGRESS_MS = 250

/**
 * Receives one file as binary frames and creates an asset from it. A failed upload leaves no object and no reservation.
 */
export const upload = forUsers({
  rules: rules.upload,
  receivesBytes: true,
  writes: true,
  async answer(call, { size, sha256, ...given }) {
    const { context, user, body } = call
    if (!body) throw new TypeError('the upload has no body')
    if (size > context.config.space.file) throw fileTooLarge()
    const announced = {
      owner: user._id,
      asset: new Types.ObjectId(),
      isNew: true,
      announced: size,
      mostFiles: 1,
      overhead: 0,
    }
    return UploadSession.run(context, announced, async (uploadSession) => {
      const file = await receive(call, uploadSession, body, { name: given.name, size, digest: sha256 })
      const asset = await createAsset(context, { uploadSession, files: [file], images: [] }, call, given)
      const [view] = await serializeAssets([asset], user, context.clock.now(), plainUrls(context))
      return { asset: view }
    })
  },
})

/** Accepts the upload, stores its bytes and reports the progress to the client. */
function receive(
  { connection, id }: Call,
  uploadSession: UploadSession,
  stream: UploadBody,
  { name, size, digest }: { name: string; size: number; digest: string | undefined },
) {
  let received = 0
  let reportedAt = Date.now()
  const onBytes = (bytes: number) => {
    received += bytes
    if (received < size && Date.now() - reportedAt < PROGRESS_MS) return
    reportedAt = Date.now()
    connection.send({ event: 'upload.progress', id, received, size })
  }
  connection.send({ event: 'upload.ready', id })
  stream.accept(size)
  return uploadSession.receive({ name, stream, onBytes, digest })
}
