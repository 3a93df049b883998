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
import { at } from '../../base.ts'
import { Icon, type Shapes } from '../../design/icon.tsx'
import { formatBytes, formatDay } from '../../lib/format.ts'
import { text } from '../../text.ts'
import type { Item } from './use-assets.ts'

const ICONS: Record<Item['media'], Shapes> = {
  ...{ model: box, image, video: film, audio: music, document, archive, other: file },
}

interface Props {
  item: Item
  view: 'grid' | 'list'
  isSelected: boolean
  /** @param range whether all items since the last choice are meant too */
  onSelect: (range: boolean) => void
  /** Its place in the whole list, from 1, and the length of the list; -1: unknown. */
  position: number
  length: number
}

/** An asset in the gallery. */
export function Card({ item, view, isSelected, onSelect, position, length }: Props) {
  const details = [
    item.extension.toUpperCase() || text.gallery.values[item.media],
    item.fileCount > 1 && text.gallery.files(item.fileCount),
    formatBytes(item.size),
  ].filter(Boolean)
  return (
    <li class={`card ${view}${isSelected ? ' selected' : ''}`} aria-setsize={length} aria-posinset={position}>
      <Picture item={item} />
      <a class="name" href={at(`/a/${item.id}`)} title={item.name}>
        {item.name}
      </a>
      <p class="details">
        {item.visibility === 'public' && <Icon shapes={globe} size={13} />}
        {item.locked && <Icon shapes={lock} size={13} />}
        <span>{details.join(' · ')}</span>
      </p>
      {view === 'list' && <p class="day">{formatDay(item.updatedAt)}</p>}
      <input
        type="checkbox"
        aria-label={text.gallery.select(item.name)}
        checked={isSelected}
        onClick={(event) => onSelect(event.shiftKey)}
      />
    </li>
  )
}

function Picture({ item }: { item: Item }) {
  const [isBroken, setBroken] = useState(false)
  if (!item.thumbnail || isBroken)
    return (
      <span class={`picture none ${item.media}`}>
        <Icon shapes={ICONS[item.media]} size={36} />
      </span>
    )
  return (
    <span class="picture">
      <img src={item.thumbnail} alt="" loading="lazy" decoding="async" onError={() => setBroken(true)} />
    </span>
  )
}
