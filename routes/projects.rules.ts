import { SCENE_LIST, SCENES, type SceneList, TITLE } from '../models/project.ts'
import { clearable, type Field, nullable, optional, rules } from './rules/define.ts'
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

const listsOf = (list: Field<string[] | undefined>) =>
  ({ base: list, overlay: list, overlayImage: list, baseImage: list }) satisfies Record<SceneList, unknown>

export const scene = rules({ body: listsOf(optional(ids(SCENE_LIST))) })
export const sceneUpdate = rules({ body: listsOf(clearable(ids(SCENE_LIST), [])) })
