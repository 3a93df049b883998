import { type Model, model, Schema, type Types } from 'mongoose'
import type { Viewer } from './asset-access.ts'
import { isId } from './ids.ts'
import { type OptimisticStatics, optimistic } from './plugins/optimistic.ts'
import { afterPosition, NEWEST, type Position, sortBy, toPage } from './plugins/page.ts'
import { type Shared, type SharingStatics, sharing } from './plugins/sharing.ts'
import { type Timestamps, versionTimestamps } from './plugins/timestamps.ts'
import type { Stored } from './stored.ts'

export const TITLE = { min: 1, max: 200 } as const
/** Largest number of scenes in a project. Limits the size of the document. */
export const SCENES = { max: 200 } as const
/** Largest number of assets in one list of a scene. */
export const SCENE_LIST = { max: 100 } as const

/** The lists of a scene, each of assets in order. */
export const SCENE_LISTS = ['base', 'overlay', 'overlayImage', 'baseImage'] as const
export type SceneList = (typeof SCENE_LISTS)[number]

const references = { type: [Schema.Types.ObjectId], default: [] as Types.ObjectId[] }

const scene = {
  id: { type: String, required: true },
  base: references,
  overlay: references,
  overlayImage: references,
  baseImage: references,
} as const satisfies Record<SceneList | 'id', object>

/** A scene: lists of assets that are shown together. */
export type Scene = Omit<Stored<typeof scene>, '_id'>

const definition = {
  owner: { type: Schema.Types.ObjectId, ref: 'User', required: true, immutable: true },
  title: { type: String, required: true },
  /** The id of an asset. */
  image: { type: Schema.Types.ObjectId, default: null },
  scenes: [{ _id: false, ...scene }],
  /** Incremented by every change, except a change of collaborators. */
  version: { type: Number, required: true, default: 1 },
} as const

export type ProjectFields = Omit<Stored<typeof definition>, 'scenes'> &
  Shared &
  Timestamps & { scenes: Scene[] }

/** The fields that clients can change. */
export type ProjectContent = Pick<ProjectFields, 'title' | 'image' | 'scenes'>

/** Returns every asset that a project refers to. */
export function referencesOf({ image, scenes }: Pick<ProjectContent, 'image' | 'scenes'>): Types.ObjectId[] {
  return [...(image ? [image] : []), ...scenes.flatMap((scene) => SCENE_LISTS.flatMap((list) => scene[list]))]
}

/** Most projects of one user. */
export const PROJECTS_MAX = 1000

interface ProjectModel extends Model<ProjectFields>, SharingStatics, OptimisticStatics<ProjectFields> {
  listFor(
    viewer: Viewer,
    page: { limit: number; from: Position | undefined },
  ): Promise<{ projects: ProjectFields[]; next: Position | null }>
  oldestOf(owner: Types.ObjectId): Promise<ProjectFields | null>
  oldestWithRoom(owner: Types.ObjectId): Promise<ProjectFields | null>
  newestOf(owner: Types.ObjectId): Promise<ProjectFields | null>
  fits(owner: Types.ObjectId): Promise<boolean>
  isUsed(asset: Types.ObjectId, viewer: Viewer): Promise<boolean>
  allOf(owner: Types.ObjectId): AsyncIterable<ProjectFields>
  removeOwned(id: Types.ObjectId, owner: Types.ObjectId): Promise<boolean>
  removeAllOf(owner: Types.ObjectId): Promise<void>
  forget(asset: Types.ObjectId): Promise<void>
}

/** Returns the filter of the projects that a viewer can read. Every read uses it. */
const projectsOf = (viewer: Viewer) => ({ readers: viewer?._id.toString() ?? 'nobody' })

/** Returns the filter of the projects that refer to an asset. */
const using = (asset: Types.ObjectId) => ({
  $or: [{ image: asset }, ...SCENE_LISTS.map((list) => ({ [`scenes.${list}`]: asset }))],
})

const schema = new Schema<ProjectFields, ProjectModel>(definition, {
  collection: 'projects',
  versionKey: false,
  statics: {
    /** Returns a page of the projects that a viewer can read, newest first. */
    async listFor(
      viewer: Viewer,
      { limit, from }: { limit: number; from: Position | undefined },
    ): Promise<{ projects: ProjectFields[]; next: Position | null }> {
      const found = await this.find({ ...projectsOf(viewer), ...(from ? afterPosition(NEWEST, from) : {}) })
        .sort(sortBy(NEWEST))
        .limit(limit + 1)
        .lean()
      const { items: projects, next } = toPage(found, NEWEST, limit)
      return { projects, next }
    },

    /** Returns the project that its owner created first, or null. */
    oldestOf(owner: Types.ObjectId): Promise<ProjectFields | null> {
      return Project.findOne({ owner }).sort({ createdAt: 1, _id: 1 }).lean().exec()
    },

    /** Returns the oldest project of its owner that can have another scene, or null. */
    oldestWithRoom(owner: Types.ObjectId): Promise<ProjectFields | null> {
      const hasRoom = { [`scenes.${SCENES.max - 1}`]: { $exists: false } }
      return Project.findOne({ owner, ...hasRoom })
        .sort({ createdAt: 1, _id: 1 })
        .lean()
        .exec()
    },

    /** Returns the project that its owner created last, or null. */
    newestOf(owner: Types.ObjectId): Promise<ProjectFields | null> {
      return Project.findOne({ owner }).sort({ createdAt: -1, _id: -1 }).lean().exec()
    },

    /**
     * Returns whether a user has at most 1,000 projects. Call it after a project is stored, and delete that project
     * when there is no room. When several projects are stored at the same time near the limit, all of them can be
     * refused, but never more than 1,000 projects remain.
     */
    async fits(owner: Types.ObjectId): Promise<boolean> {
      return (await this.countDocuments({ owner }, { limit: PROJECTS_MAX + 1 })) <= PROJECTS_MAX
    },

    /** Returns whether a project that the viewer can read refers to an asset. */
    async isUsed(asset: Types.ObjectId, viewer: Viewer): Promise<boolean> {
      return (await Project.exists({ ...projectsOf(viewer), ...using(asset) })) !== null
    },

    /** Reads all projects of an owner. */
    allOf(owner: Types.ObjectId): AsyncIterable<ProjectFields> {
      return Project.find({ owner }).lean().cursor()
    },

    /** Deletes a project of this owner. Returns false when there is none. */
    async removeOwned(id: Types.ObjectId, owner: Types.ObjectId): Promise<boolean> {
      const { deletedCount } = await Project.deleteOne({ _id: id, owner })
      return deletedCount === 1
    },

    /** Deletes all projects of an owner. */
    async removeAllOf(owner: Types.ObjectId): Promise<void> {
      await Project.deleteMany({ owner })
    },

    /** Removes an asset from every project that refers to it. */
    async forget(asset: Types.ObjectId): Promise<void> {
      const lists = Object.fromEntries(SCENE_LISTS.map((list) => [`scenes.$[].${list}`, asset]))
      await this.updateMany(using(asset), { $pull: lists, $inc: { version: 1 } })
      await this.updateMany({ image: asset }, { $set: { image: null } })
    },
  },
})
schema.plugin(sharing)
schema.plugin(optimistic)
schema.plugin(versionTimestamps)

// a page of the projects that one reader can read
schema.index({ readers: 1, createdAt: -1, _id: -1 })
// deletion of an account, and the oldest project of a user
schema.index({ owner: 1, createdAt: 1, _id: 1 })
// deletion of an asset
schema.index({ image: 1 })
for (const list of SCENE_LISTS) schema.index({ [`scenes.${list}`]: 1 })

export const Project = model<ProjectFields, ProjectModel>('Project', schema)

/** Returns the project of an id; null for one that the viewer cannot read, as for one that does not exist. */
export const findProject = async (id: string, viewer: Viewer): Promise<ProjectFields | null> =>
  isId(id) ? Project.findOne({ _id: id, ...projectsOf(viewer) }).lean() : null
