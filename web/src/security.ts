/** What a page can create from text. `trusted-types` of the content security policy allows this one policy. */
interface PolicyRules {
  createHTML(text: string, type: string, sink: string): string | null
  createScriptURL(url: string): string | null
}

interface TrustedTypes {
  createPolicy(name: string, rules: PolicyRules): unknown
}

/**
 * Allows what libraries need and no more: parsing XML of a model, which runs nothing, and workers from the files of this
 * build. Everything else that would create HTML or a script from text throws.
 */
export function installPolicy(): void {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  trustedTypes?.createPolicy('default', {
    createHTML: (text, _type, sink) => (sink === 'DOMParser parseFromString' ? text : null),
    createScriptURL: (url) => (new URL(url, document.baseURI).href.startsWith(ownFiles()) ? url : null),
  })
}

const ownFiles = () => new URL('web/', document.baseURI).href
