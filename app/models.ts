/** Every model, so that none is missing when indexes are built. */
import '../models/asset.ts'
import '../models/attempt.ts'
import '../models/capacity.ts'
import '../models/link.ts'
import '../models/project.ts'
import '../models/session.ts'
import '../models/upload.ts'
import '../models/user.ts'
