import type { Page } from 'playwright-core'

/** Returns the row of an upload. @param name of its file or folder */
export const rowOf = (page: Page, name: string) =>
  page
    .getByRole('list', { name: 'Uploads' })
    .getByRole('listitem')
    .filter({ has: page.getByRole('progressbar', { name, exact: true }) })

/** Waits until an upload is finished. */
export const isFinished = (page: Page, name: string) =>
  rowOf(page, name)
    .getByText(/^Uploaded/)
    .waitFor()

/** Returns a file for a file input. */
export const fileOf = (name: string, buffer: Buffer) => ({
  name,
  mimeType: 'application/octet-stream',
  buffer,
})
