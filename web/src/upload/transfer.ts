/** One file or folder of a drop or a paste. */
export interface TransferItem {
  file: File | null
  entry: FileSystemEntry | null
  handle: Promise<FileSystemHandle | null> | undefined
}

type HandleItem = DataTransferItem & { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> }

/** Returns the files and folders of a drop or a paste. Call it in the event: the browser empties the list after it. */
export function readTransfer(transfer: DataTransfer): TransferItem[] {
  const items = [...transfer.items].filter(({ kind }) => kind === 'file') as HandleItem[]
  return items.map((item) => ({
    file: item.getAsFile(),
    entry: item.webkitGetAsEntry(),
    handle: item.getAsFileSystemHandle?.().catch(() => null),
  }))
}
