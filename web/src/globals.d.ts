/** An icon of lucide-static: its shapes, made by `scripts/bundle-web.js`. */
declare module 'lucide-static/icons/*.svg' {
  const shapes: [tag: string, attributes: Record<string, string>][]
  export default shapes
}

/** Any other picture: its URL. */
declare module '*.svg' {
  const url: string
  export default url
}

/** A worker of its own file: its URL. See `scripts/bundle-web.js`. */
declare module 'worker:*' {
  const url: string
  export default url
}

/** A decoder: its URL. */
declare module '*.wasm' {
  const url: string
  export default url
}

/** A folder of a package: the URL of each of its files, by name. */
declare module 'folder:*' {
  const urls: Record<string, string>
  export default urls
}
