/** Of a JSON body, and of a text frame: 100 kB. */
export const JSON_BYTES = 100 * 1024
