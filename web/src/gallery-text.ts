const assets = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'asset' : 'assets'}`

/** Texts of the gallery that are not in the first load: what is done with a selection, and the list of the keys. */
export const galleryText = {
  selection: {
    title: 'Selection',
    count: (count: number) => `${count.toLocaleString('en')} selected`,
    clear: 'Clear selection',
    tag: 'Tag',
    visibility: 'Visibility',
    delete: 'Delete',
    addTags: 'Tags to add',
    addTagsHint: 'Separate tags by commas.',
    removeTags: 'Tags to remove',
    save: 'Save',
    makePublic: 'Make public',
    makePrivate: 'Make private',
    visibilityHint: 'Everybody can find and download public assets, without an account.',
    titles: {
      tag: (count: number) => `Tags of ${assets(count)}`,
      visibility: (count: number) => `Visibility of ${assets(count)}`,
      delete: (count: number) => `Delete ${assets(count)}?`,
    },
    deleteHint: 'The files are deleted for everybody. This cannot be undone.',
    deleteForever: 'Delete forever',
    cannotChange: (count: number) =>
      `${count.toLocaleString('en')} of them cannot be changed: locked, or not yours to change.`,
    running: (done: number, count: number) => `${done.toLocaleString('en')} of ${assets(count)}`,
    stop: 'Stop',
    stopping: 'Stopping',
    changed: (count: number) => `${assets(count)} changed`,
    deleted: (count: number) => `${assets(count)} deleted`,
    failed: (count: number) => `${assets(count)} could not be changed:`,
    left: (count: number) => `Stopped: ${assets(count)} stayed as before.`,
    again: (count: number) => `Try again for ${count.toLocaleString('en')}`,
  },
  shortcuts: {
    list: [
      [['/'], 'Search'],
      [['Enter'], 'Open the focused asset'],
      [['←', '↑', '→', '↓'], 'Move between assets'],
      [['Space'], 'Select the focused asset'],
      [['Shift', 'Click'], 'Select all assets up to this one'],
      [['Shift', 'Arrow'], 'Select the assets on the way'],
      [['Ctrl', 'A'], 'Select all loaded assets'],
      [['Delete'], 'Delete the selected assets'],
      [['←', '→'], 'Next or previous tab'],
      [['↑', '↓'], 'Next or previous entry of a menu'],
      [['Esc'], 'Close a dialog or a menu'],
      [['?'], 'Show this list'],
    ] as [keys: string[], meaning: string][],
  },
} as const
