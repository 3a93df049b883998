import { h } from 'preact'

export type Shapes = [tag: string, attributes: Record<string, string>][]

/** Shows an icon of 20 pixels. It has no name: what it stands in has one. */
export function Icon({ shapes, size = 20 }: { shapes: Shapes; size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {shapes.map(([tag, attributes]) => h(tag, attributes))}
    </svg>
  )
}
