/** The expected answer to a request. One of the codes, because several rules can refuse a request. */
export interface Expected {
  status: number
  codes?: string[]
}

export type Level = 'read' | 'write' | 'owner'
const LEVELS: readonly Level[] = ['read', 'write', 'owner']

export interface ModelAsset {
  id: string
  owner: number
  /** Sizes in bytes. */
  files: number[]
  /** Ids. */
  images: string[]
  version: number
  visibility: 'public' | 'private'
  collaborators: Map<number, 'read' | 'write'>
  gone: boolean
}

export const MAX_IMAGES = 8

const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0)
const refused = (status: number, ...codes: string[]): Expected => ({ status, codes })

/** The rules of quota and sharing, without a database, a bucket or concurrency. */
export class Model {
  readonly assets: ModelAsset[] = []

  /**
   * @param limits of each user, in bytes
   * @param pictureBytes stored bytes of the preview image that is used here, with its thumbnail
   */
  constructor(
    readonly limits: number[],
    public serverLimit: number,
    readonly pictureBytes: number,
  ) {}

  live(): ModelAsset[] {
    return this.assets.filter(({ gone }) => !gone)
  }

  usedBy(user: number): number {
    const own = this.live().filter(({ owner }) => owner === user)
    return sum(own.map(({ files, images }) => sum(files) + images.length * this.pictureBytes))
  }

  filesOf(user: number): number {
    const own = this.live().filter(({ owner }) => owner === user)
    return sum(own.map(({ files }) => files.length))
  }

  used(): number {
    return sum(this.limits.map((_limit, user) => this.usedBy(user)))
  }

  /** Returns the access of a user to an asset; null if the user cannot see it. */
  levelOf({ owner, collaborators, visibility, gone }: ModelAsset, user: number | null): Level | null {
    if (gone) return null
    if (owner === user) return 'owner'
    return (user === null ? null : collaborators.get(user)) ?? (visibility === 'public' ? 'read' : null)
  }

  /** Returns the refusal of an operation that needs an access level; null if the user has it. */
  denial(asset: ModelAsset, user: number | null, needed: Level): Expected | null {
    const level = this.levelOf(asset, user)
    if (!level) return refused(404, 'not_found')
    return LEVELS.indexOf(level) < LEVELS.indexOf(needed) ? refused(403, 'forbidden') : null
  }

  /** Returns the refusal of further bytes; null if they fit. */
  overflow(owner: number, bytes: number): Expected | null {
    const codes: string[] = []
    if (this.usedBy(owner) + bytes > Number(this.limits[owner])) codes.push('space_exceeded')
    if (this.used() + bytes > this.serverLimit) codes.push('server_full')
    return codes.length > 0 ? refused(507, ...codes) : null
  }

  /** Returns the assets that a search finds. */
  found(user: number | null, scope: string, visibility: string | undefined): ModelAsset[] {
    const inScope = (asset: ModelAsset) =>
      scope === 'all' ||
      (scope === 'public' && asset.visibility === 'public') ||
      (scope === 'mine' && asset.owner === user) ||
      (scope === 'shared' && user !== null && asset.collaborators.has(user))
    return this.assets.filter(
      (asset) =>
        this.levelOf(asset, user) !== null &&
        inScope(asset) &&
        (visibility === undefined || asset.visibility === visibility),
    )
  }
}
