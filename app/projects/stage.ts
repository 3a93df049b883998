import { extname } from 'node:path'
import type { ListedAsset } from '../../models/asset.ts'
import { readableAssets, type Viewer } from '../../models/asset-access.ts'
import { type ProjectFields, referencesOf, type Scene } from '../../models/project.ts'
import type { UserFields } from '../../models/user.ts'
import { signUrl } from '../assets/signed-url.ts'
import type { Context } from '../context.ts'

/** A viewer who signs addresses. */
type Signing = NonNullable<Viewer> & Pick<UserFields, 'sessionEpoch'>

type Signer = Pick<Context, 'urls' | 'clock'>

/** An asset in a scene as the former scene editor knows it; `localPath` opens for an hour. */
export function serializePiece(context: Signer, asset: ListedAsset, viewer: Signing) {
  const { id = '', name = asset.name } = asset.files[0] ?? {}
  const extension = extname(name)
  return {
    baseId: asset._id.toString(),
    originalName: name,
    originalExtn: extension.slice(1),
    fileName: `${id}${extension}`,
    localPath: signUrl(context, asset, viewer).url,
  }
}

/** Projects as the former scene editor knows them; assets that the viewer may not read are left out. */
export async function serializeStage(context: Signer, projects: ProjectFields[], viewer: Signing) {
  const ids = projects.flatMap(referencesOf)
  const found = ids.length > 0 ? await readableAssets(ids, viewer) : []
  const pieces = new Map(
    found.map((asset) => [asset._id.toString(), serializePiece(context, asset, viewer)] as const),
  )
  const list = (references: Scene['base']) => references.flatMap((id) => pieces.get(id.toString()) ?? [])
  return projects.map(({ _id, title, image, scenes }) => ({
    id: _id.toString(),
    title,
    image: pieces.get(String(image))?.localPath ?? null,
    scenes: scenes.map(({ id, base, overlay, overlayImage, baseImage }) => ({
      id,
      base: list(base).map(({ fileName: _only, ...piece }) => piece),
      overlay: list(overlay),
      overlayImage: list(overlayImage),
      baseImage: list(baseImage),
    })),
  }))
}
