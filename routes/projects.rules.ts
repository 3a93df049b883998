import { SCENE_LIST, SCENES, type SceneList, TITLE } from '../models/project.ts'
import { type Field, nullable, optional, rules } from './rules/define.ts'
import { ofText } from './rules/fields.ts'
import { page } from './rules/page.ts'
import { nameField, text } from './rules/text.ts'

/** A list of different ids. A form repeats the field. */
const ids =
  ({ max }: { max: number }): Field<string[]> =>
  (chain) =>
    ofText(chain, (text) => [text])
      .isArray({ max })
      .withMessage(`must be a list of at most ${max} ids`)
      .bail()
      .custom((list: unknown[]) => list.every((id) => typeof id === 'string'))
      .withMessage('must be a list of texts')
      .bail()
      .custom((list: string[]) => new Set(list).size === list.length)
      .withMessage('must name each id once')

const image = nullable(text())

export const list = rules({ query: page() })

export const create = rules({ body: { title: nameField(TITLE), image } })

export const update = rules({
  body: { title: optional(nameField(TITLE)), image, sceneOrder: optional(ids(SCENES)) },
})

export const scene = rules({
  body: {
    base: optional(ids(SCENE_LIST)),
    overlay: optional(ids(SCENE_LIST)),
    overlayImage: optional(ids(SCENE_LIST)),
    baseImage: optional(ids(SCENE_LIST)),
  } satisfies Record<SceneList, Field<string[] | undefined>>,
})
