import { useId } from '../lib/use-id.ts'

interface Props {
  label: string
  value: number
  max: number
  /** The value in words. */
  words: string
}

/** Part of `max` from which a meter warns. */
const ALMOST_FULL = 0.9
/** Part of `max` from which a meter shows danger. */
const FULL = 0.98

/** Shows how much of a limit is used. */
export function Meter({ label, value, max, words }: Props) {
  const id = useId()
  const limit = Math.max(1, max)
  return (
    <div class="meter">
      <p>
        <span id={id}>{label}</span>
        <span class="soft">{words}</span>
      </p>
      <meter
        class="bar"
        aria-labelledby={id}
        aria-valuetext={words}
        min={0}
        max={limit}
        low={limit * ALMOST_FULL}
        high={limit * FULL}
        optimum={0}
        value={value}
      />
    </div>
  )
}
