import type { JSX } from 'preact'

type Props = Omit<JSX.FormHTMLAttributes<HTMLFormElement>, 'onSubmit'> & {
  onFields: (fields: FormData, form: HTMLFormElement) => void
}

/** A form. Its fields go to a function, and the page stays. */
export function Form({ onFields, ...rest }: Props) {
  return (
    <form
      class="stack"
      {...rest}
      onSubmit={(event) => {
        event.preventDefault()
        onFields(new FormData(event.currentTarget), event.currentTarget)
      }}
    />
  )
}
