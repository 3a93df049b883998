import { Router } from 'express'
import * as files from '../controllers/asset-files.ts'
import * as images from '../controllers/asset-images.ts'
import * as assets from '../controllers/assets.ts'
import { identify } from '../middleware/authenticate.ts'
import { check } from '../middleware/check.ts'
import { loadLink } from '../middleware/load-link.ts'
import * as rules from './assets.rules.ts'

/** `/api/links/:token`: a shared asset and its bytes, for whoever has the link. */
export const links = Router()
links.use(identify)
links.param('token', loadLink)

links.get('/:token', check(), assets.read)
links.get('/:token/download', check(rules.bytes), files.download)
links.get('/:token/files/:fileId', check(rules.bytes), files.open)
links.get('/:token/images/:imageId', check(), images.open)
