/** How an image lies in its frame, in CSS pixels: its top left corner and its scale. */
export interface View {
  x: number
  y: number
  scale: number
}

export interface Size {
  width: number
  height: number
}

const MAX_SCALE = 32
const MIN_PIXELS = 32

/** Returns the view that shows the whole image, not larger than it is. */
export function fit(image: Size, frame: Size): View {
  const scale = Math.min(1, frame.width / image.width, frame.height / image.height)
  return clamp({ x: 0, y: 0, scale }, image, frame)
}

/** Returns the view with the image centred where it is smaller than its frame, and without gaps where it is larger. */
export function clamp({ x, y, scale }: View, image: Size, frame: Size): View {
  const along = (at: number, length: number, room: number) =>
    length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, at))
  return {
    x: along(x, image.width * scale, frame.width),
    y: along(y, image.height * scale, frame.height),
    scale,
  }
}

/** Returns the view after a zoom by a factor that leaves a point of the frame where it is. */
export function zoom(
  view: View,
  { factor, at, image, frame }: { factor: number; at: { x: number; y: number }; image: Size; frame: Size },
): View {
  const least = Math.min(fit(image, frame).scale, MIN_PIXELS / Math.max(image.width, image.height), 1)
  const scale = Math.min(MAX_SCALE, Math.max(least, view.scale * factor))
  const by = scale / view.scale
  return clamp({ x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by, scale }, image, frame)
}
