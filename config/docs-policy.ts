import type { HelmetOptions } from 'helmet'

/**
 * What the documentation page needs over the API's own policy: its script and style from here, the API to be
 * tried from here, the icons that Swagger UI's stylesheet carries as data URLs, and pictures among the answers.
 */
export const docsPolicy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:', 'blob:'],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
} satisfies HelmetOptions['contentSecurityPolicy']
