/** Kinds of media of files. An asset with several files has the first kind in this order. */
export const MEDIA = ['model', 'image', 'video', 'audio', 'document', 'archive', 'other'] as const
export type Media = (typeof MEDIA)[number]

export const ASSET_TYPES = ['2D', '3D', 'other'] as const
export type AssetType = (typeof ASSET_TYPES)[number]
