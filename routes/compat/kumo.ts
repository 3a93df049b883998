import { Router } from 'express'
import * as kumo from '../../controllers/compat/kumo.ts'
import { authenticate } from '../../middleware/authenticate.ts'
import { handle } from '../../middleware/handle.ts'
import { loadAsset } from '../../middleware/load.ts'
import { matchVersion } from '../../middleware/match-version.ts'
import { nestForms } from '../../middleware/parse-body.ts'
import { requireAccess } from '../../middleware/require.ts'
import { neverCompress } from '../../middleware/send-json.ts'
import { upload } from '../../middleware/upload.ts'
import * as rules from './kumo.rules.ts'

/** The paths of the service. Their errors and forms have its format; those of unknown paths do not. */
export const PATHS =
  /^\/(?:sign-up|sign-in|change-password|sign-out|(?:collections|uploads)(?:\/[^/]+)?)\/?$/i

const ONE_FILE = {
  files: { min: 1, max: 1, field: 'file', aliases: ['image', 'upload', 'image[file]', 'upload[file]'] },
}

/** Routes of the earlier Kumo service. Each collection is an asset; an upload is the same by another name. */
export const router = Router()

router.use(PATHS, nestForms)
router.post('/sign-up', handle(rules.signUp, kumo.signUp))
router.post('/sign-in', neverCompress, handle(rules.signIn, kumo.signIn))

router.use(['/change-password', '/sign-out', '/collections', '/uploads'], authenticate)
router.param('assetId', loadAsset)

router.patch('/change-password', handle(rules.changePassword, kumo.changePassword))
router.delete('/sign-out', handle(rules.noFields, kumo.signOut))

for (const name of ['collection', 'upload'] as const) {
  const { list, create, read } = kumo.handlersOf(name)
  router.get(`/${name}s`, handle(rules.noFields, list))
  router.post(`/${name}s`, upload(ONE_FILE, handle(rules.collection, create)))
  router.get(`/${name}s/:assetId`, handle(rules.noFields, read))
  router.patch(
    `/${name}s/:assetId`,
    requireAccess('write'),
    matchVersion,
    handle(rules.collection, kumo.update),
  )
  router.delete(`/${name}s/:assetId`, requireAccess('owner'), matchVersion, handle(rules.remove, kumo.remove))
}
