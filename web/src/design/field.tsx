import eye from 'lucide-static/icons/eye.svg'
import eyeOff from 'lucide-static/icons/eye-off.svg'
import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import { useId } from '../lib/use-id.ts'
import { text } from '../text.ts'
import { Button } from './button.tsx'

interface Labelled {
  label: string
  hint?: ComponentChildren
  /** Why the value is refused. */
  fault?: string | undefined
}

type InputProps = Labelled & Omit<JSX.InputHTMLAttributes<HTMLInputElement>, 'label' | 'size'>

interface Frame extends Labelled {
  id: string
  children: ComponentChildren
}

function Framed({ id, label, hint, fault, children }: Frame) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {hint && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
      {fault && (
        <p id={`${id}-fault`} class="fault" role="alert">
          {fault}
        </p>
      )}
    </div>
  )
}

/** Returns the attributes that connect a control with its hint and its fault. */
function described(id: string, { hint, fault }: Pick<Labelled, 'hint' | 'fault'>) {
  const ids = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean)
  return {
    id,
    'aria-invalid': Boolean(fault),
    ...(ids.length > 0 ? { 'aria-describedby': ids.join(' ') } : {}),
  }
}

/** A text field with its label. */
export function TextField({ label, hint, fault, ...rest }: InputProps) {
  const id = useId()
  return (
    <Framed id={id} label={label} hint={hint} fault={fault}>
      <input {...rest} {...described(id, { hint, fault })} class="input" />
    </Framed>
  )
}

/** A text field of several lines with its label. */
export function TextArea({
  label,
  hint,
  fault,
  ...rest
}: Labelled & Omit<JSX.TextareaHTMLAttributes<HTMLTextAreaElement>, 'label'>) {
  const id = useId()
  return (
    <Framed id={id} label={label} hint={hint} fault={fault}>
      <textarea {...rest} {...described(id, { hint, fault })} class="input" />
    </Framed>
  )
}

/** A password field, which can show what was typed. */
export function PasswordField({ label, hint, fault, ...rest }: InputProps) {
  const id = useId()
  const [isShown, setShown] = useState(false)
  return (
    <Framed id={id} label={label} hint={hint} fault={fault}>
      <div class="password">
        <input
          {...rest}
          {...described(id, { hint, fault })}
          type={isShown ? 'text' : 'password'}
          class="input"
        />
        <Button
          variant="ghost"
          square
          icon={isShown ? eyeOff : eye}
          aria-pressed={isShown}
          onClick={() => setShown(!isShown)}
        >
          {text.account.showPassword}
        </Button>
      </div>
    </Framed>
  )
}

type SelectProps = Labelled &
  Omit<JSX.SelectHTMLAttributes<HTMLSelectElement>, 'label'> & { options: [value: string, label: string][] }

/** A list of choices with its label. */
export function Select({ label, hint, fault, options, ...rest }: SelectProps) {
  const id = useId()
  return (
    <Framed id={id} label={label} hint={hint} fault={fault}>
      <select {...rest} {...described(id, { hint, fault })} class="input">
        {options.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </Framed>
  )
}

/** A checkbox with its label. */
export function Checkbox({
  label,
  ...rest
}: { label: ComponentChildren } & Omit<JSX.InputHTMLAttributes<HTMLInputElement>, 'label' | 'type'>) {
  return (
    <label class="check">
      <input {...rest} type="checkbox" />
      <span>{label}</span>
    </label>
  )
}

/** A setting that is on or off, with its label and what it means. */
export function Switch({
  label,
  hint,
  ...rest
}: { label: string; hint: string } & Omit<JSX.InputHTMLAttributes<HTMLInputElement>, 'label' | 'type'>) {
  const id = useId()
  return (
    <div class="switch">
      {/* biome-ignore lint/a11y/useAriaPropsForRole: a checkbox tells its state by itself */}
      <input {...rest} id={id} aria-describedby={`${id}-hint`} type="checkbox" role="switch" />
      <label for={id}>{label}</label>
      <p id={`${id}-hint`} class="hint">
        {hint}
      </p>
    </div>
  )
}
