import type { Change, UploadItem } from './item.ts'

/** A file that the browser can open again after a reload: a `FileSystemFileHandle`. */
export interface FileHandle {
  getFile(): Promise<File>
}

/** A file that the user chose by picker, drop or paste. */
export interface Chosen {
  file: File
  /** Path in the chosen folder, or the name of the file. */
  path: string
  handle?: FileHandle
}

/** Where the queue is kept. */
export interface QueueStore {
  all(): Promise<UploadItem[]>
  put(item: UploadItem): Promise<void>
  remove(id: string): Promise<void>
  /** Keeps the files of an upload. Returns whether they can be read after a reload. */
  keep(id: string, chosen: Chosen[]): Promise<boolean>
  /** Returns the files of an upload; `permission`: the user must allow it; null: they are not kept. */
  open(id: string, ask: boolean): Promise<File[] | 'permission' | null>
  putPicture(id: string, file: File): Promise<void>
  picture(id: string): Promise<File | null>
}

export interface Progress {
  signal: AbortSignal
  /** @param loaded bytes that were sent @param isSent whether all bytes are on their way: an answer follows */
  onProgress(loaded: number, isSent: boolean): void
}

/** How an upload comes to the service. */
export interface Transport {
  /** Creates the asset of an upload and returns its id. @throws ApiError, AbortError */
  upload(item: UploadItem, files: File[], progress: Progress): Promise<string>
  change(item: UploadItem, change: Change): Promise<void>
  addPicture(item: UploadItem, picture: File): Promise<void>
  remove(item: UploadItem): Promise<void>
  /** Returns an own asset that has a file of the SHA-256 of an upload; null if there is none. */
  findDuplicate(item: UploadItem): Promise<{ id: string; name: string } | null>
}
