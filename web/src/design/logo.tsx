import icon from '../icon.svg'

/** The files of the build lie beside the script. */
const URL_OF_ICON = new URL(icon, import.meta.url).href

/** The sign of Kura. It has no name: the name stands beside it. */
export const Logo = ({ size }: { size: number }) => (
  <img src={URL_OF_ICON} alt="" width={size} height={size} />
)
