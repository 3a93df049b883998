/** Of a JSON body, and of a text frame: 100 kB. */
export const JSON_BYTES = 100 * 1024
/** Levels of objects and arrays within one field of a JSON body or of a socket frame's arguments. */
export const MAX_JSON_DEPTH = 32
