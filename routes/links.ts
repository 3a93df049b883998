import { Router } from 'express'
import * as files from '../controllers/asset-files.ts'
import * as images from '../controllers/asset-images.ts'
import * as assets from '../controllers/assets.ts'
import { authenticateOptional } from '../middleware/authenticate.ts'
import { handle } from '../middleware/handle.ts'
import { loadLink } from '../middleware/load.ts'
import * as rules from './assets.rules.ts'

/** `/api/links/:token`: a shared asset and its bytes, for whoever has the link. */
export const links = Router()
links.use(authenticateOptional)
links.param('token', loadLink)

links.get('/:token', handle(assets.read))
links.get('/:token/download', handle(rules.bytes, files.download))
links.get('/:token/files/:fileId', handle(rules.bytes, files.open))
links.get('/:token/images/:imageId', handle(images.open))
