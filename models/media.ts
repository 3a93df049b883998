/** What a file is; an asset of several files is named after the one that comes first here. */
export const MEDIA = ['model', 'image', 'video', 'audio', 'document', 'archive', 'other'] as const
export type Media = (typeof MEDIA)[number]

export const ASSET_TYPES = ['2D', '3D', 'other'] as const
export type AssetType = (typeof ASSET_TYPES)[number]
