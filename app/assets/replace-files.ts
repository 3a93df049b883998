import { announced, announcement } from '../../models/asset-announcements.ts'
import type { AssetFile } from '../../models/asset-files.ts'
import { withKeys } from '../../models/asset-keys.ts'
import { bytesOf } from '../../models/asset-objects.ts'
import { commitOf } from '../../models/asset-upload.ts'
import { storeFiles, type Whole } from '../../models/file-set.ts'
import { accessCondition, type Sender } from '../auth/sender.ts'
import type { AssetContext, Context } from '../context.ts'
import { recordAnnounced } from '../events/asset-events.ts'
import type { UploadSession } from '../uploads/upload-session.ts'
import { changeAsset } from './change.ts'
import { describeFiles } from './create.ts'

/**
 * Replaces the files of an asset by those of an upload. Readers see either the old or the new files. The space of the
 * old files is given back afterwards, so the quota must have space for both.
 *
 * @param version replaces the files only if the asset still has this version; without it the last replacement wins
 * @throws what `changeAsset` throws
 */
export async function replaceFiles(
  context: AssetContext & Pick<Context, 'covers'>,
  { uploadSession, files }: { uploadSession: UploadSession; files: AssetFile[] },
  asset: Whole,
  sender: Sender,
  version?: number,
): Promise<Whole> {
  const by = { sender, access: 'write' } as const
  const pending = context.covers.begin(uploadSession, files, sender.user._id.toString())
  const cover = await pending.inTime()
  const settlement = { bytes: bytesOf(cover ? [...files, cover] : files), files: files.length }
  const announcing = announcement()
  const stored = await storeFiles(uploadSession, files, sender.user._id)
  const { after: changed } = await changeAsset(context, asset, {
    by,
    version,
    forgets: ({ allFiles, fileSet, cover: former }) => ({
      objects: former ? [...allFiles, former] : allFiles,
      files: allFiles.length,
      fileSet,
    }),
    update: (current, pendingDeletion) =>
      commitOf(
        uploadSession,
        {
          permitted: accessCondition(by),
          now: context.clock.now(),
          set: withKeys(
            {
              ...stored,
              ...describeFiles(files, current),
              cover,
              jobs: pending.jobs(),
            },
            { ...current, allFiles: files },
          ),
          push: announced(announcing),
          unsettled: { id: uploadSession.id, ...settlement },
          pendingDeletion,
        },
        current,
      ),
    settle: () => uploadSession.settle(settlement),
  })
  await recordAnnounced(context, changed, announcing, { space: true })
  pending.addLater(changed)
  return { ...changed, allFiles: files }
}
