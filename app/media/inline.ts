/**
 * Whether `?inline=1` is granted to a file of this media type, as told by `identify`.
 * Pictures, films and sounds run nothing; XML of any kind (SVG first of all) can carry script,
 * and so can everything that is shown as a page or in a viewer (HTML, PDF).
 */
export function mayShowInline(mediaType: string): boolean {
  return /^(image|video|audio)\//.test(mediaType) && !mediaType.endsWith('xml')
}
