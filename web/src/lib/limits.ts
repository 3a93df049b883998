/** Most files of an asset, unless the service was set up with fewer: it then refuses the upload and says so. */
export const MAX_FILES = 1000
