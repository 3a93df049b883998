export const TITLE = { min: 1, max: 200 } as const
/** They bound the document. */
export const SCENES = { max: 200 } as const
export const SCENE_LIST = { max: 100 } as const

/** The lists of a scene, each of assets in order. */
export const SCENE_LISTS = ['base', 'overlay', 'overlayImage', 'baseImage'] as const
export type SceneList = (typeof SCENE_LISTS)[number]
