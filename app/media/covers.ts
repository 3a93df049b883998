import { Asset, type AssetFields } from '../../models/asset.ts'
import type { AssetFile, Cover } from '../../models/asset-files.ts'
import { coverJob } from '../../models/asset-jobs.ts'
import { attachCover } from '../../models/asset-upload.ts'
import { readWhole } from '../../models/file-set.ts'
import { type Clock, within } from '../clock.ts'
import { AppError, notFound } from '../errors.ts'
import { FairQueue } from '../queues/fair-queue.ts'
import { ObjectMissing, type ObjectStore } from '../storage/object-store.ts'
import { storePicture } from '../uploads/receive-image.ts'
import { UploadSession, type UploadSessionContext } from '../uploads/upload-session.ts'
import { type EncodedPicture, PREVIEW_MAX_BYTES, tryThumbnail } from './preview.ts'
import type { Requester } from './render-isolated.ts'

/** Time that the answer to an upload waits for its cover, in milliseconds. */
export const COVER_WAIT_MS = 1000
/** Time that late covers have when the process stops, in milliseconds. */
const STOP_MS = 5000
/** Errors after which an asset has no cover: the asset does not exist, the client has disconnected, or there is no space. */
const EXPECTED = new Set(['not_found', 'space_exceeded', 'server_full', 'client_closed'])

/**
 * Queue of files that are read again for their covers. Few are read at a time, because each is copied to a temporary
 * file before it waits for the renderer. The users take turns.
 */
export const coverQueue = new FairQueue({
  name: 'covers',
  full: 'Too many images are waiting for their thumbnails.',
  concurrency: 4,
  perKey: 2,
  maxWaiting: 1000,
})

/** The cover of an upload while it is rendered. */
interface PendingCover {
  /** Returns the cover, stored with the upload. Returns null when there is none or it takes too long. */
  inTime(): Promise<Cover | null>
  /** Returns the job to store with the upload when the cover is late. It survives the end of the process. */
  jobs(): AssetFields['jobs']
  /** Adds a late cover to the asset when it is rendered. Does nothing when the cover was in time. */
  addLater(asset: AssetFields): void
}

const NONE: PendingCover = { inTime: async () => null, jobs: () => ({}), addLater: () => undefined }

interface CoverContext extends UploadSessionContext {
  clock: Clock
}

/**
 * Renders covers: the thumbnail of an asset's first image file. An upload never fails because of its cover, and its
 * answer waits for it only a short time. A late cover is a job of the asset, which another process resumes when its
 * process was killed, and an upload of its own.
 */
export class Covers {
  readonly #late = new Map<Promise<void>, AbortController>()
  readonly #stopping = new AbortController()

  constructor(
    private readonly context: CoverContext,
    private readonly waitMs = COVER_WAIT_MS,
  ) {}

  /** Starts to render the cover of an upload's files. Drops the cover when the upload is aborted. */
  begin(uploadSession: UploadSession, files: AssetFile[], user: string): PendingCover {
    const file = coverFile(files)
    if (!file) return NONE
    const dropped = new AbortController()
    uploadSession.signal.addEventListener('abort', () => dropped.abort(), { once: true })
    const drawing = this.#draw(file, { user, signal: dropped.signal })
    let isLate = false
    return {
      inTime: async () => {
        isLate = !(await within(this.waitMs, drawing))
        return isLate ? null : this.#store(uploadSession, (await drawing) ?? null)
      },
      jobs: () => (isLate ? coverJob.started(this.context.staleMs) : {}),
      addLater: (asset) => {
        if (!isLate) return
        const added = this.#finish(asset, file, drawing, dropped.signal).finally(() =>
          this.#late.delete(added),
        )
        this.#late.set(added, dropped)
      },
    }
  }

  /** Resumes the late covers of processes that died. Each is started three times at most. */
  async resume(): Promise<void> {
    for (const id of await coverJob.due()) {
      if (this.#stopping.signal.aborted) return
      const claimed = await coverJob.claim(id, this.context.staleMs)
      const asset = claimed && (await readWhole(() => Asset.ready(id), claimed))
      if (!asset) continue
      const file = coverFile(asset.allFiles)
      if (!file || asset.cover) await coverJob.end(id)
      else {
        const { signal } = this.#stopping
        await this.#finish(asset, file, this.#draw(file, { user: asset.owner.toString(), signal }), signal)
      }
    }
  }

  /**
   * Adds a cover to its asset when it is rendered, or ends the job when there is none. Leaves the job after an unexpected
   * error and when the process stops.
   */
  async #finish(
    asset: AssetFields,
    file: AssetFile,
    drawing: Promise<EncodedPicture | null | undefined>,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const picture = await drawing
      if (picture) await this.#add(asset, file, picture)
      if (picture === null) await coverJob.end(asset._id)
    } catch (error) {
      this.#report(error)
      if (isExpected(error) && !signal.aborted) await coverJob.end(asset._id)
    }
  }

  /** Waits a short time for late covers, then drops the rest. */
  async close(): Promise<void> {
    this.#stopping.abort()
    const late = [...this.#late]
    if (await within(STOP_MS, Promise.all(late.map(([added]) => added)))) return
    this.context.log.warn({ covers: this.#late.size }, 'process stops before these thumbnails are rendered')
    for (const dropped of this.#late.values()) dropped.abort()
  }

  /** Returns null when no picture can be rendered, and undefined after an error. Logs unexpected errors. */
  async #draw(file: AssetFile, requester: Requester): Promise<EncodedPicture | null | undefined> {
    const { user, signal } = requester
    const draw = async () =>
      tryThumbnail(await this.context.store.open(file.key, undefined, signal), file.size, requester)
    try {
      return await coverQueue.run(user, draw, signal)
    } catch (error) {
      this.#report(error)
      return error instanceof ObjectMissing ? null : undefined
    }
  }

  async #store(uploadSession: UploadSession, picture: EncodedPicture | null): Promise<Cover | null> {
    if (!picture) return null
    try {
      return await storeCover(this.context.store, uploadSession, picture)
    } catch (error) {
      if (isExpected(error)) return null
      throw error
    }
  }

  /** Adds a cover to an asset that still has the file that the cover shows. */
  async #add({ _id, owner, fileSet }: AssetFields, file: AssetFile, picture: EncodedPicture): Promise<void> {
    const { context } = this
    const announced = picture.data.length
    const upload = { owner, asset: _id, isNew: false, announced, mostFiles: 0, overhead: 0 }
    await UploadSession.run(context, upload, async (uploadSession) => {
      const cover = await storeCover(context.store, uploadSession, picture)
      const settlement = { bytes: cover.size, files: 0 }
      const unsettled = { id: uploadSession.id, ...settlement }
      const now = context.clock.now()
      const added = { cover, file: file.key, fileSet, now, unsettled }
      if (!(await attachCover(uploadSession, added))) throw notFound()
      await uploadSession.settle(settlement)
    })
    await context.events.record({ kind: 'asset.updated', asset: _id, owner, space: true })
  }

  #report(error: unknown): void {
    if (!isExpected(error)) this.context.log.warn({ err: error }, 'thumbnail could not be rendered')
  }
}

/** Returns the file that the cover shows. */
function coverFile(files: AssetFile[]): AssetFile | undefined {
  const file = files.find(({ media }) => media === 'image')
  return file && file.size <= PREVIEW_MAX_BYTES ? file : undefined
}

async function storeCover(
  store: ObjectStore,
  uploadSession: UploadSession,
  picture: EncodedPicture,
): Promise<Cover> {
  return { ...(await storePicture(store, uploadSession, picture)), original: picture.original }
}

const isExpected = (error: unknown) =>
  error instanceof ObjectMissing || (error instanceof AppError && EXPECTED.has(error.code))
