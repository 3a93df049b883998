import type { AssetFields, AssetFile, Cover } from '../../models/asset.ts'
import { attachCover } from '../../models/asset-upload.ts'
import { type Clock, within } from '../clock.ts'
import { AppError, notFound } from '../errors.ts'
import type { EventLog } from '../events/event-log.ts'
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
export interface PendingCover {
  /** Returns the cover, stored with the upload. Returns null when there is none or it takes too long. */
  inTime(): Promise<Cover | null>
  /** Adds a late cover to the asset when it is rendered. Does nothing when the cover was in time. */
  addLater(asset: AssetFields): void
}

const NONE: PendingCover = { inTime: async () => null, addLater: () => undefined }

interface CoverContext extends UploadSessionContext {
  clock: Clock
  events: EventLog
}

/**
 * Renders covers: the thumbnail of an asset's first image file. An upload never fails because of its cover, and its
 * answer waits for it only a short time. A late cover is an upload of its own, which the sweep aborts when its process
 * was killed.
 */
export class Covers {
  readonly #late = new Map<Promise<void>, AbortController>()

  constructor(
    private readonly context: CoverContext,
    private readonly waitMs = COVER_WAIT_MS,
  ) {}

  /** Starts to render the cover of an upload's files. Drops the cover when the upload is aborted. */
  begin(uploadSession: UploadSession, files: AssetFile[], user: string): PendingCover {
    const file = files.find(({ media }) => media === 'image')
    if (!file || file.size > PREVIEW_MAX_BYTES) return NONE
    const dropped = new AbortController()
    uploadSession.signal.addEventListener('abort', () => dropped.abort(), { once: true })
    const drawing = this.#draw(file, { user, signal: dropped.signal })
    let isLate = false
    return {
      inTime: async () => {
        isLate = !(await within(this.waitMs, drawing))
        return isLate ? null : this.#store(uploadSession, await drawing)
      },
      addLater: (asset) => {
        if (!isLate) return
        const added = drawing
          .then((picture) => (picture ? this.#add(asset, file, picture) : undefined))
          .catch((error) => this.#report(error))
          .finally(() => this.#late.delete(added))
        this.#late.set(added, dropped)
      },
    }
  }

  /** Waits a short time for late covers, then drops the rest. */
  async close(): Promise<void> {
    const late = [...this.#late]
    if (await within(STOP_MS, Promise.all(late.map(([added]) => added)))) return
    this.context.log.warn({ covers: this.#late.size }, 'process stops before these thumbnails are rendered')
    for (const dropped of this.#late.values()) dropped.abort()
  }

  /** Returns null when no picture can be rendered. Logs unexpected errors. */
  async #draw(file: AssetFile, requester: Requester): Promise<EncodedPicture | null> {
    const { user, signal } = requester
    const draw = async () =>
      tryThumbnail(await this.context.store.open(file.key, undefined, signal), file.size, requester)
    try {
      return await coverQueue.run(user, draw, signal)
    } catch (error) {
      this.#report(error)
      return null
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
  async #add({ _id, owner }: AssetFields, file: AssetFile, picture: EncodedPicture): Promise<void> {
    const { context } = this
    const announced = picture.data.length
    const upload = { owner, asset: _id, isNew: false, announced, mostFiles: 0, overhead: 0 }
    await UploadSession.run(context, upload, async (uploadSession) => {
      const cover = await storeCover(context.store, uploadSession, picture)
      const settlement = { bytes: cover.size, files: 0 }
      const unsettled = { id: uploadSession.id, ...settlement }
      const now = context.clock.now()
      if (!(await attachCover(uploadSession, { cover, file: file.key, now, unsettled }))) throw notFound()
      await uploadSession.settle(settlement)
    })
    await context.events.record({ kind: 'asset.updated', asset: _id, owner, space: true })
  }

  #report(error: unknown): void {
    if (!isExpected(error)) this.context.log.warn({ err: error }, 'thumbnail could not be rendered')
  }
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
