import { expect } from 'chai'
import { MAX_LOCKED, MAX_TAGGED } from '../../app/assets/change-tag.ts'
import { STORAGES } from '../../app/context.ts'
import { MAX_NAME_BYTES } from '../../app/media/file-name.ts'
import { PREVIEW_MAX_BYTES, PREVIEW_SIDE, THUMBNAIL_SIDE } from '../../app/media/preview.ts'
import { SHOWN_PROJECTS } from '../../app/projects/scene-editor.ts'
import { MAX_SUGGESTIONS, SUGGESTION_KINDS } from '../../app/search/suggest.ts'
import { MAX_SILENCE_MS } from '../../app/uploads/speed-monitor.ts'
import { JSON_BYTES, MAX_JSON_DEPTH } from '../../config/body-limits.ts'
import { KNOWN_ADDRESS_MS, PASSWORD_LIMITS } from '../../config/rate-limits.ts'
import { variables } from '../../config/variables.ts'
import { MAX_COLLECTIONS } from '../../controllers/compat/kumo.ts'
import { REQUEST_ID } from '../../middleware/request-info.ts'
import { ACCESS_LEVELS } from '../../models/access-level.ts'
import * as asset from '../../models/asset.ts'
import { SCOPES } from '../../models/asset-criteria.ts'
import { MAX_FACET_VALUES, TOP_TAGS } from '../../models/asset-facets.ts'
import { MAX_EXTENSION_CHARACTERS } from '../../models/asset-keys.ts'
import { MATCHED, MATCHES, MAX_COUNTED, SORT_NAMES } from '../../models/asset-search.ts'
import { CHANGE_KINDS } from '../../models/change-feed.ts'
import { ACTIONS, TARGET_TYPES } from '../../models/event.ts'
import { MAX_EMBEDDED_FILES } from '../../models/file-set.ts'
import { LABEL, LINKS_MAX } from '../../models/link.ts'
import { ASSET_TYPES, MEDIA } from '../../models/media.ts'
import { PASSWORD } from '../../models/password.ts'
import { COLLABORATOR_ACCESS, MAX_COLLABORATORS } from '../../models/plugins/sharing.ts'
import { PROJECTS_MAX, SCENE_LIST, SCENES, TITLE } from '../../models/project.ts'
import { SESSION_MAX_MS, SESSIONS_MAX, USER_AGENT_MAX } from '../../models/session.ts'
import * as user from '../../models/user.ts'
import { LINK_PASSWORD } from '../../routes/asset-sharing.rules.ts'
import { MAX_HASHES, MAX_VALUES, SEARCH_TEXT } from '../../routes/assets.rules.ts'
import { LIMIT } from '../../routes/rules/page.ts'
import { openApi } from '../support/openapi/document.ts'

/** A country code in a request can begin with `+`. */
const COUNTRY_CODE_INPUT = user.COUNTRY_CODE.source.replace('^', '^\\+?')

/** Every limit of the document that the service knows as a constant. `fieldsOf` says what the names are. */
const LIMITS: Record<string, unknown> = {
  'Service storage enum': STORAGES,
  'AssetName minLength': asset.NAME.min,
  'AssetName maxLength': asset.NAME.max,
  'Description maxLength': asset.DESCRIPTION.max,
  'AssetType enum': ASSET_TYPES,
  'Media enum': MEDIA,
  'Visibility enum': asset.VISIBILITIES,
  'Tags maxItems': asset.TAGS.max,
  'Tags items minLength': asset.TAG.min,
  'Tags items maxLength': asset.TAG.max,
  'FileParts minItems': asset.FILES.min,
  'FileParts maxItems': asset.FILES.max,
  'ImageParts maxItems': asset.IMAGES.max,
  'Asset files maxItems': asset.FILES.max,
  'Asset fileCount maximum': asset.FILES.max,
  'Asset images maxItems': asset.IMAGES.max,
  'Image width maximum': PREVIEW_SIDE,
  'Image height maximum': PREVIEW_SIDE,
  'InspectedAsset state enum': asset.Asset.schema.path('state').options.enum,
  'LockMode enum': asset.LOCK_MODES,
  'CollaboratorAccess enum': COLLABORATOR_ACCESS,
  'License minLength': asset.LICENSE.min,
  'License maxLength': asset.LICENSE.max,
  'Source minLength': asset.SOURCE.min,
  'Source maxLength': asset.SOURCE.max,
  'Facets tag maxItems': TOP_TAGS,
  'Facets ext maxItems': MAX_FACET_VALUES,
  'Facets license maxItems': MAX_FACET_VALUES,
  'Facets owner maxItems': MAX_FACET_VALUES,
  'Username minLength': user.USERNAME.min,
  'Username maxLength': user.USERNAME.max,
  'Username pattern': user.USERNAME.pattern.source,
  'Email maxLength': user.EMAIL.max,
  'PersonName maxLength': user.NAME.max,
  'Mobile pattern': user.MOBILE.source,
  'CountryCode pattern': COUNTRY_CODE_INPUT,
  'Account countryCode pattern': user.COUNTRY_CODE.source,
  'AccessLevel enum': ACCESS_LEVELS,
  'Session userAgent maxLength': USER_AGENT_MAX,
  'Title minLength': TITLE.min,
  'Title maxLength': TITLE.max,
  'SceneList maxItems': SCENE_LIST.max,
  'Project scenes maxItems': SCENES.max,
  'Activity action enum': ACTIONS,
  'Activity target type enum': TARGET_TYPES,
  'ActivityPage activity maxItems': LIMIT.max,
  'AssetChange kind enum': CHANGE_KINDS,
  'listChanges changes maxItems': LIMIT.max,
  'suggest q maxLength': SEARCH_TEXT.max,
  'suggest suggestions maxItems': MAX_SUGGESTIONS,
  'Suggestion kind enum': SUGGESTION_KINDS,
  'FormerUser projects maxItems': SHOWN_PROJECTS,
  'RequestId pattern': REQUEST_ID.source,
  'limit minimum': LIMIT.min,
  'limit maximum': LIMIT.max,
  'limit default': LIMIT.default,
  'searchAssets q maxLength': SEARCH_TEXT.max,
  'searchAssets scope enum': SCOPES,
  'searchAssets sort enum': SORT_NAMES,
  'searchAssets match enum': MATCHES,
  'searchAssets matched enum': MATCHED,
  'listTags q maxLength': asset.TAG.max,
  'listTags scope enum': SCOPES,
  'listTags tags maxItems': LIMIT.max,
  'renameTag tag maxLength': asset.TAG.max,
  'TagChange changed maximum': MAX_TAGGED,
  'TagChange locked maxItems': MAX_LOCKED,
  'searchAssets type maxItems': ASSET_TYPES.length,
  'searchAssets media maxItems': MEDIA.length,
  'searchAssets visibility maxItems': asset.VISIBILITIES.length,
  'searchAssets ext maxItems': MAX_VALUES,
  'searchAssets ext items maxLength': MAX_EXTENSION_CHARACTERS,
  'searchAssets mediaType maxItems': MAX_VALUES,
  'searchAssets license maxItems': MAX_VALUES,
  'searchAssets license items maxLength': asset.LICENSE.max,
  'searchAssets sha256 maxItems': MAX_HASHES,
  'searchAssets owner maxItems': MAX_VALUES,
  'searchAssets owner items maxLength': user.USERNAME.max,
  'searchAssets assets maxItems': LIMIT.max,
  'searchAssets total maximum': MAX_COUNTED,
  'expiresIn maximum': asset.SIGNED_URL.maxExpiry,
  'expiresIn default': asset.SIGNED_URL.defaultExpiry,
  'listCollaborators collaborators maxItems': MAX_COLLABORATORS,
  'listLinks links maxItems': LIMIT.max,
  'listOwnLinks links maxItems': LIMIT.max,
  'LinkLabel maxLength': LABEL.max,
  'listSessions sessions maxItems': LIMIT.max,
  'login login maxLength': user.EMAIL.max,
  'login username maxLength': user.EMAIL.max,
  'login email maxLength': user.EMAIL.max,
  'updateProfile profilePhoto maxLength': user.PROFILE_PHOTO.max,
  'listUsers q maxLength': user.NAME.max,
  'listUsers users maxItems': LIMIT.max,
  'listProjects projects maxItems': LIMIT.max,
  'updateProject sceneOrder maxItems': SCENES.max,
  'listProjectCollaborators collaborators maxItems': MAX_COLLABORATORS,
  'storageCreate email maxLength': user.EMAIL.max,
  'storageCreate password minLength': PASSWORD.min,
  'storageLogin email maxLength': user.EMAIL.max,
  'storageAuth email maxLength': user.EMAIL.max,
  'listFormerImages limit minimum': LIMIT.min,
  'listFormerImages limit maximum': LIMIT.max,
  'listFormerImages limit default': LIMIT.max,
  'listFormerImages images maxItems': LIMIT.max,
  'kumoListCollections collections maxItems': MAX_COLLECTIONS,
  'kumoListUploads uploads maxItems': MAX_COLLECTIONS,
  'editorLogin mobile pattern': user.MOBILE.source,
  'editorLogin countryCode pattern': COUNTRY_CODE_INPUT,
  'editorCreateUser mobile pattern': user.MOBILE.source,
  'editorCreateUser countryCode pattern': COUNTRY_CODE_INPUT,
  'editorCreateUser profilePhoto maxLength': user.PROFILE_PHOTO.max,
  'LocalPath maxLength': asset.LOCAL_PATH.max,
}

const GB = 1e9
const DAY_MS = 86_400_000
const defaultOf = (name: keyof typeof variables) => Number((variables[name] as { default?: unknown }).default)
const square = (side: number) => `${side} × ${side} pixels`

/** Limits that only a description says, as its place and the words there. */
const DESCRIBED: Record<string, string[]> = {
  'info description': [
    `nested up to ${MAX_JSON_DEPTH} levels`,
    `\`limit\` (${LIMIT.min}–${LIMIT.max}, default ${LIMIT.default})`,
  ],
  'NewPassword description': [`${PASSWORD.min}–${PASSWORD.max} bytes`],
  'File name description': [`${MAX_NAME_BYTES} bytes`],
  'Asset thumbnail description': [square(THUMBNAIL_SIDE)],
  'BodyTooLarge description': [`${JSON_BYTES / 1024} kB`],
  'TooManyScenes description': [`${SCENES.max} scenes`, `${JSON_BYTES / 1024} kB`],
  'UploadTimeout description': [`${MAX_SILENCE_MS / 1000} s`],
  'LinkPassword description': [`${PASSWORD_LIMITS.link.points} wrong passwords`],
  'createAsset description': [
    `${asset.FILES.min}–${asset.FILES.max.toLocaleString('en')} files`,
    `number of files (default ${defaultOf('MAX_FILES').toLocaleString('en')})`,
    `up to ${asset.IMAGES.max} preview images`,
    `${MAX_NAME_BYTES} bytes`,
    `default ${defaultOf('MAX_FILE_BYTES') / GB} GB`,
    `default ${defaultOf('USER_SPACE_BYTES') / GB} GB`,
  ],
  'replaceFiles description': [`${asset.FILES.min}–${asset.FILES.max.toLocaleString('en')} files`],
  'Asset files description': [`the first ${MAX_EMBEDDED_FILES}`],
  'addImages description': [
    `up to ${asset.IMAGES.max}.`,
    `up to ${PREVIEW_MAX_BYTES / 1e6} MB`,
    square(PREVIEW_SIDE),
    square(THUMBNAIL_SIDE),
  ],
  'listCollaborators description': [`at most ${MAX_COLLABORATORS} collaborators`],
  'listProjectCollaborators description': [`at most ${MAX_COLLABORATORS} collaborators`],
  'createLink password description': [`${LINK_PASSWORD.max} bytes`],
  'updateLink password description': [`${LINK_PASSWORD.max} bytes`],
  'createLink description': [`at most ${LINKS_MAX.toLocaleString('en')} links`],
  'createProject description': [`at most ${PROJECTS_MAX.toLocaleString('en')} projects`],
  'lockAsset description': [`default ${defaultOf('LOCK_MAX_DAYS').toLocaleString('en')}`],
  'register description': [
    `${PASSWORD.min}–${PASSWORD.max} bytes`,
    `${defaultOf('REGISTRATIONS_PER_HOUR')} registrations per hour`,
  ],
  'login description': [
    `${PASSWORD_LIMITS.account.points} failures for one account`,
    `${PASSWORD_LIMITS.address.points} failures from one address`,
    `within ${PASSWORD_LIMITS.address.duration / 60} minutes`,
    `last ${KNOWN_ADDRESS_MS / DAY_MS} days`,
    `${defaultOf('SESSION_IDLE_HOURS')} hours after its last access`,
    `${SESSION_MAX_MS / DAY_MS} days after sign-in`,
    `more than ${SESSIONS_MAX}`,
  ],
  'updateProfile settings description': [`${user.SETTINGS.maxBytes.toLocaleString('en')} bytes`],
  'createScene description': [`up to ${SCENES.max}`],
  'editorReadUser description': [`at most ${SHOWN_PROJECTS} projects`],
}

/** Limits without a constant: the form of a value that the service makes, and the few words of a flag or a header. */
const WITHOUT_CONSTANT =
  / (pattern|default)$| (code|access|Accept-Ranges|list) enum$|^(Flag|CacheControl|ErrorCode) enum$/

const KEYWORDS = [
  ...['minLength', 'maxLength', 'pattern', 'enum', 'minimum', 'maximum'],
  ...['minItems', 'maxItems', 'minProperties', 'maxProperties', 'default'],
]

/** Parts of a path through the document that say nothing about a limit. */
const STRUCTURE =
  /^(\d+|\/.*|.*\/.*|get|put|post|patch|delete|paths|components|schemas|parameters|headers|responses|requestBody|content|schema|allOf|anyOf|oneOf|properties|res|err)$/

interface Node extends Record<string, unknown> {
  operationId?: string
  in?: string
  name?: string
}

/**
 * Every field of these names with its place: `Title maxLength`, or with the operation that it belongs to,
 * `searchAssets q maxLength`.
 */
function* fieldsOf(
  names: string[],
  node: unknown,
  place: string[] = [],
): Generator<[place: string, value: unknown]> {
  if (typeof node !== 'object' || node === null) return
  const { operationId, in: location, name } = node as Node
  const added = operationId ?? (location && name !== place.at(-1) ? name : undefined)
  const here = added === undefined ? place : [...place, added]
  for (const [key, value] of Object.entries(node)) {
    const isField = names.includes(key) && (typeof value !== 'object' || Array.isArray(value))
    if (isField) yield [[...here, key].join(' '), value]
    else if (!/^examples?$/.test(key))
      yield* fieldsOf(names, value, STRUCTURE.test(key) ? here : [...here, key])
  }
}

const sorted = (value: unknown) => (Array.isArray(value) ? [...value].sort() : value)
/** A lower bound of 0 or 1 says that a number is not negative or a text not empty. */
const isNatural = (place: string, value: unknown) => / min\w+$/.test(place) && Number(value) <= 1

describe('limits of the OpenAPI document', () => {
  const documented = [...fieldsOf(KEYWORDS, openApi)]

  it('every limit – constant of the service → the same value', () => {
    for (const [place, value] of documented)
      if (place in LIMITS) expect(sorted(value), place).to.deep.equal(sorted(LIMITS[place]))
  })

  it('every constant – document → contained', () => {
    expect(documented.map(([place]) => place)).to.include.members(Object.keys(LIMITS))
  })

  it('every limit – compared or known to have no constant → none left', () => {
    const unknown = documented.filter(
      ([place, value]) => !(place in LIMITS) && !WITHOUT_CONSTANT.test(place) && !isNatural(place, value),
    )
    expect(unknown).to.deep.equal([])
  })

  it('OpenAPI descriptions – every limit they name → the constant that the service checks', () => {
    const descriptions = [...fieldsOf(['description'], openApi)]
    for (const [place, limits] of Object.entries(DESCRIBED)) {
      const text = descriptions
        .filter(([where]) => where === place)
        .join(' ')
        .replace(/\s+/g, ' ')
      for (const limit of limits) expect(text, place).to.contain(limit)
    }
  })
})
