import { Router } from 'express'
import * as links from '../controllers/asset-links.ts'
import * as lock from '../controllers/asset-lock.ts'
import { collaboratorsOf } from '../controllers/collaborators.ts'
import { check } from '../middleware/check.ts'
import { checkUsername } from '../middleware/check-username.ts'
import { matchVersion } from '../middleware/match-version.ts'
import { must } from '../middleware/must.ts'
import { Asset } from '../models/asset.ts'
import * as rules from './asset-sharing.rules.ts'

const collaborators = collaboratorsOf({ type: 'asset', model: Asset }, ({ asset }) => asset)

/** What only its owner does with an asset: share it, link to it, lock it. */
export const sharing = Router({ mergeParams: true })
sharing.use(['/collaborators', '/links', '/lock'], must('owner'))
sharing.param('username', checkUsername)

sharing.get('/collaborators', check(), collaborators.list)
sharing.put('/collaborators/:username', check(rules.collaborator), collaborators.set)
sharing.delete('/collaborators/:username', check(), collaborators.remove)

sharing.get('/links', check(rules.links), links.list)
sharing.post('/links', check(rules.link), links.create)
sharing.delete('/links/:linkId', check(), links.revoke)

sharing.put('/lock', matchVersion, check(rules.lock), lock.set)
sharing.delete('/lock', matchVersion, check(), lock.release)
