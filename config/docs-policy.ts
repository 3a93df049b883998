import type { HelmetOptions } from 'helmet'

/**
 * Content security policy of the documentation page. In contrast to the policy of the API, it allows scripts, styles and
 * API calls of the same origin, icons in data URLs (stylesheet of Swagger UI) and images in answers (blob URLs).
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
