import { Router } from 'express'
import * as links from '../controllers/asset-links.ts'
import * as lock from '../controllers/asset-lock.ts'
import { collaboratorsOf } from '../controllers/collaborators.ts'
import { handle } from '../middleware/handle.ts'
import { validateUsername } from '../middleware/load.ts'
import { matchVersion } from '../middleware/match-version.ts'
import { requireAccess } from '../middleware/require.ts'
import { Asset } from '../models/asset.ts'
import * as rules from './asset-sharing.rules.ts'

const collaborators = collaboratorsOf({ type: 'asset', model: Asset }, ({ asset }) => asset)

/** What only its owner does with an asset: share it, link to it, lock it. */
export const sharing = Router({ mergeParams: true })
sharing.use(['/collaborators', '/links', '/lock'], requireAccess('owner'))
sharing.param('username', validateUsername)

sharing.get('/collaborators', handle(collaborators.list))
sharing.put('/collaborators/:username', handle(rules.collaborator, collaborators.set))
sharing.delete('/collaborators/:username', handle(collaborators.remove))

sharing.get('/links', handle(rules.links, links.list))
sharing.post('/links', handle(rules.link, links.create))
sharing.delete('/links/:linkId', handle(links.revoke))

sharing.put('/lock', matchVersion, handle(rules.lock, lock.set))
sharing.delete('/lock', matchVersion, handle(lock.release))
