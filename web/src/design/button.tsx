import loader from 'lucide-static/icons/loader-circle.svg'
import type { ComponentChildren, JSX } from 'preact'
import { Icon, type Shapes } from './icon.tsx'

type Variant = 'plain' | 'primary' | 'danger' | 'ghost'

interface Look {
  variant?: Variant
  icon?: Shapes
  /** Shown in place of an icon. */
  face?: ComponentChildren
  /** Shows only the icon; `children` is then the accessible name. */
  square?: boolean
  wide?: boolean
}

const classesOf = ({ variant = 'plain', square, wide }: Look, busy = false) =>
  ['button', variant, square && 'square', wide && 'wide', busy && 'busy'].filter(Boolean).join(' ')

function Content({ icon, face, square, children }: Look & { children: ComponentChildren }) {
  return (
    <>
      {icon ? <Icon shapes={icon} size={18} /> : face}
      {square ? <span class="hidden-text">{children}</span> : children}
    </>
  )
}

type ButtonProps = Look &
  Omit<JSX.ButtonHTMLAttributes<HTMLButtonElement>, 'icon' | 'size'> & {
    busy?: boolean
    children: ComponentChildren
  }

const ignore = (event: Event) => event.preventDefault()

/** A button. While `busy`, it shows that and does nothing. It is not disabled then, because it would lose the focus. */
export function Button({ variant, icon, face, square, wide, busy = false, children, ...rest }: ButtonProps) {
  const look = { ...(variant && { variant }), ...(square && { square }), ...(wide && { wide }) }
  const shown = busy ? loader : icon
  return (
    <button
      type="button"
      {...rest}
      title={square && typeof children === 'string' ? children : rest.title}
      {...(busy && { 'aria-disabled': true, onClick: ignore })}
      class={classesOf(look, busy)}
    >
      <Content {...look} {...(shown && { icon: shown })} face={face}>
        {children}
      </Content>
    </button>
  )
}

type LinkProps = Look &
  Omit<JSX.AnchorHTMLAttributes<HTMLAnchorElement>, 'icon'> & { children: ComponentChildren }

/** A link that looks like a button. */
export function ButtonLink({ variant, icon, square, wide, children, ...rest }: LinkProps) {
  const look = { ...(variant && { variant }), ...(square && { square }), ...(wide && { wide }) }
  return (
    <a {...rest} class={classesOf(look)}>
      <Content {...look} {...(icon && { icon })}>
        {children}
      </Content>
    </a>
  )
}
