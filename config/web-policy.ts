import type { HelmetOptions } from 'helmet'

/**
 * Content security policy of the web client's pages. Everything comes from this service; pictures and media can also be
 * blobs that the page made. No script can be created from text, except through the page's one trusted-types policy.
 * `wasm-unsafe-eval` allows WebAssembly (decoders of compressed models), not `eval`.
 *
 * @param frames whether pages of other origins can show the page in a frame
 */
export const webPolicy = (frames: boolean) =>
  ({
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", 'data:', 'blob:'],
      mediaSrc: ["'self'", 'blob:'],
      fontSrc: ["'self'"],
      connectSrc: ["'self'", 'blob:', 'data:'],
      workerSrc: ["'self'"],
      manifestSrc: ["'self'"],
      baseUri: ["'self'"],
      formAction: ["'none'"],
      frameAncestors: [frames ? '*' : "'none'"],
      requireTrustedTypesFor: ["'script'"],
      trustedTypes: ['default'],
    },
  }) satisfies HelmetOptions['contentSecurityPolicy']
