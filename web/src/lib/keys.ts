const FIELDS = 'input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]'

/** Returns whether what is typed goes into a field. */
export const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches(FIELDS)

/** Returns whether a key is meant for a field or for the browser, and is no shortcut. */
export const isTyping = ({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean =>
  ctrlKey || metaKey || altKey || isField(target)
