import { body, type ValidationChain } from 'express-validator'
import { SCENE_LIST, SCENE_LISTS, SCENES, TITLE } from '../models/project.ts'
import { page } from './rules/page.ts'
import { nameField, nullable, text } from './rules/text.ts'

/** A list of ids, each once. */
const ids = (chain: ValidationChain, { max }: { max: number }): ValidationChain =>
  chain
    .isArray({ max })
    .withMessage(`must be a list of ${max} ids at the most`)
    .bail()
    .custom((list: unknown[]) => list.every((id) => typeof id === 'string'))
    .withMessage('must be a list of texts')
    .bail()
    .custom((list: string[]) => new Set(list).size === list.length)
    .withMessage('must name each id once')

const image = () => text(nullable(body('image')))

export const list = page()

export const create = [nameField(body('title'), TITLE), image()]

export const update = [
  nameField(body('title').optional(), TITLE),
  image(),
  ids(body('sceneOrder').optional(), SCENES),
]

export const scene = SCENE_LISTS.map((name) => ids(body(name).optional(), SCENE_LIST))
