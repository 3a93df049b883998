import type { Chosen } from './parts.ts'
import type { TransferItem } from './transfer.ts'

export interface Choice {
  /** Files that were chosen one by one. */
  files: Chosen[]
  folders: { name: string; files: Chosen[] }[]
}

/** Names of files that systems put into folders, not people. */
const SYSTEM_FILES = /(?:^|\/)(?:\.DS_Store|Thumbs\.db|desktop\.ini|__MACOSX\/.*)$/i

/** Returns the files of a file input: with `webkitdirectory` one folder. */
export function fromInput(list: Iterable<File>): Choice {
  const choice: Choice = { files: [], folders: [] }
  for (const file of list) {
    const [folder, ...rest] = file.webkitRelativePath.split('/')
    if (!folder || rest.length === 0) choice.files.push({ file, path: file.name })
    else put(choice, folder, { file, path: rest.join('/') })
  }
  return choice
}

function put(choice: Choice, name: string, chosen: Chosen): void {
  if (SYSTEM_FILES.test(chosen.path)) return
  const folder = choice.folders.find((one) => one.name === name)
  if (folder) folder.files.push(chosen)
  else choice.folders.push({ name, files: [chosen] })
}

/** Returns the files of the picker of the File System Access API, which can be opened again after a reload. */
export async function fromHandles(handles: FileSystemFileHandle[]): Promise<Choice> {
  const files = await Promise.all(
    handles.map(async (handle) => ({ file: await handle.getFile(), path: handle.name, handle })),
  )
  return { files, folders: [] }
}

/** Returns the files and folders of a drop or a paste, with all files in the folders. */
export async function fromTransfer(items: TransferItem[]): Promise<Choice> {
  const choice: Choice = { files: [], folders: [] }
  for (const { file, entry, handle } of items) {
    const opened = (await handle) ?? null
    if (opened?.kind === 'directory') await addFolder(choice, opened as FileSystemDirectoryHandle)
    else if (entry?.isDirectory) await addEntry(choice, entry as FileSystemDirectoryEntry)
    else if (file)
      choice.files.push({
        file,
        path: file.name,
        ...(opened?.kind === 'file' && { handle: opened as FileSystemFileHandle }),
      })
  }
  return choice
}

async function addFolder(choice: Choice, folder: FileSystemDirectoryHandle, top = folder.name, path = '') {
  const entries = (folder as unknown as { values(): AsyncIterable<FileSystemHandle> }).values()
  for await (const entry of entries) {
    if (entry.kind === 'directory')
      await addFolder(choice, entry as FileSystemDirectoryHandle, top, `${path}${entry.name}/`)
    else {
      const handle = entry as FileSystemFileHandle
      put(choice, top, { file: await handle.getFile(), path: `${path}${entry.name}`, handle })
    }
  }
}

async function addEntry(choice: Choice, folder: FileSystemDirectoryEntry, top = folder.name, path = '') {
  const reader = folder.createReader()
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject)
    })
    // a reader gives the entries in parts of at most 100
    if (entries.length === 0) return
    for (const entry of entries) {
      if (entry.isDirectory)
        await addEntry(choice, entry as FileSystemDirectoryEntry, top, `${path}${entry.name}/`)
      else {
        const file = await new Promise<File>((resolve, reject) => {
          ;(entry as FileSystemFileEntry).file(resolve, reject)
        })
        put(choice, top, { file, path: `${path}${entry.name}` })
      }
    }
  }
}
