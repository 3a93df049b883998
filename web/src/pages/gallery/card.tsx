import box from 'lucide-static/icons/box.svg'
import file from 'lucide-static/icons/file.svg'
import archive from 'lucide-static/icons/file-archive.svg'
import document from 'lucide-static/icons/file-text.svg'
import film from 'lucide-static/icons/film.svg'
import globe from 'lucide-static/icons/globe.svg'
import image from 'lucide-static/icons/image.svg'
import lock from 'lucide-static/icons/lock.svg'
import music from 'lucide-static/icons/music.svg'
import { useState } from 'preact/hooks'
import { readAsset } from '../../api/assets.ts'
import { at } from '../../base.ts'
import { Icon, type Shapes } from '../../design/icon.tsx'
import { formatBytes, formatDay } from '../../lib/format.ts'
import { text } from '../../text.ts'
import type { Item } from './use-assets.ts'

const ICONS: Record<Item['media'], Shapes> = {
  model: box,
  image,
  video: film,
  audio: music,
  document,
  archive,
  other: file,
}

interface Props {
  item: Item
  view: 'grid' | 'list'
  isSelected: boolean
  /** @param range whether all items since the last choice are meant too */
  onSelect: (item: Item, range: boolean) => void
  /** Its place in the whole list, from 1, and the length of the list; -1: unknown. */
  position: number
  length: number
  /** Whether its picture is loaded at once. */
  isEager: boolean
  /** Whether it is out of view and only stays because it has the focus. */
  isKept: boolean
}

/** An asset in the gallery. */
export function Card({ item, view, isSelected, onSelect, position, length, isEager, isKept }: Props) {
  const details = [
    item.extension.toUpperCase() || text.gallery.values[item.media],
    item.fileCount > 1 && text.gallery.files(item.fileCount),
    formatBytes(item.size),
  ].filter(Boolean)
  const classes = ['card', view, isSelected && 'selected', isKept && 'kept'].filter(Boolean).join(' ')
  return (
    <li class={classes} aria-setsize={length} aria-posinset={position}>
      <Picture item={item} isEager={isEager} />
      <a
        class="name"
        dir="auto"
        href={at(`/a/${item.id}`)}
        title={item.name}
        onClick={(event) => {
          if (!event.shiftKey) return
          event.preventDefault()
          onSelect(item, true)
        }}
      >
        {item.name}
      </a>
      <p class="details">
        {item.visibility === 'public' && <Mark shapes={globe} name={text.gallery.values.public} />}
        {item.locked && <Mark shapes={lock} name={text.gallery.locked} />}
        <span>{details.join(' · ')}</span>
      </p>
      {view === 'list' && <p class="day">{formatDay(item.updatedAt)}</p>}
      <input
        type="checkbox"
        aria-label={text.gallery.select(item.name)}
        checked={isSelected}
        onClick={(event) => onSelect(item, event.shiftKey)}
      />
    </li>
  )
}

function Mark({ shapes, name }: { shapes: Shapes; name: string | undefined }) {
  return (
    <span class="mark" title={name}>
      <Icon shapes={shapes} size={13} />
      <span class="hidden-text">{name}</span>
    </span>
  )
}

/**
 * The thumbnail of an asset, or the icon of its kind. A signed URL ends after an hour: when the picture cannot be loaded,
 * the asset is read once more.
 */
function Picture({ item, isEager }: { item: Item; isEager: boolean }) {
  const [renewed, setRenewed] = useState<{ from: string; to: string | null } | null>(null)
  const url = renewed?.from === item.thumbnail ? renewed?.to : item.thumbnail
  const renew = async (from: string) => {
    const isSecond = renewed?.from === from
    // an asset that can no longer be read has no picture
    const answer = isSecond ? null : await readAsset(item.id).catch(() => null)
    const to = answer?.asset.thumbnail ?? null
    setRenewed({ from, to: to === from ? null : to })
  }
  if (!item.thumbnail || !url)
    return (
      <span class={`picture none ${item.media}`}>
        <Icon shapes={ICONS[item.media]} size={36} />
      </span>
    )
  return (
    <span class="picture">
      <img
        src={url}
        alt=""
        width={512}
        height={384}
        loading={isEager ? 'eager' : 'lazy'}
        decoding="async"
        draggable={false}
        onError={() => item.thumbnail && renew(item.thumbnail)}
      />
      {item.media !== 'image' && (
        <span class="kind" aria-hidden="true">
          <Icon shapes={ICONS[item.media]} size={14} />
          {text.gallery.kinds[item.media]}
        </span>
      )}
    </span>
  )
}
