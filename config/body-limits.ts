/** Largest JSON body, form body and text frame of a WebSocket, in bytes. */
export const JSON_BYTES = 100 * 1024
/** Most levels of objects and arrays in one field of a JSON body or of the arguments of a text frame. */
export const MAX_JSON_DEPTH = 32
