import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError } from '../../api/errors.ts'
import { assetText } from '../../asset-text.ts'
import { readBytes } from '../bytes.ts'
import { modelFormatOf } from '../kinds.ts'
import type { FileProps } from '../viewer.tsx'
import { checkModel, ModelError } from './check.ts'
import { type Parsed, parseModel } from './formats.ts'
import { disposeModel, eachDrawn, removeEmptyTextures } from './measure.ts'
import { resourcesOf } from './resources.ts'

/** Longest time for reading a model after its bytes are there, in milliseconds. */
const PARSE_MS = 120_000

export type Progress = { step: 'asked' } | { step: 'loading'; part: number } | { step: 'reading' }

export interface Model {
  parsed: Parsed
  /** Names of files that the model asked for and the asset does not have. */
  missing: string[]
  /** Names of textures that this browser cannot show. */
  unread: string[]
}

/** Reads a model and the files that it names. @param begins whether it begins by itself */
export function useModel({ file, files }: FileProps, begins: boolean) {
  const [progress, setProgress] = useState<Progress>(
    begins ? { step: 'loading', part: 0 } : { step: 'asked' },
  )
  const [model, setModel] = useState<Model | null>(null)
  const [error, setError] = useState<Error | null>(null)
  const [attempt, setAttempt] = useState(begins ? 1 : 0)
  const abort = useRef<AbortController | null>(null)
  useEffect(() => {
    if (attempt === 0) return
    const control = new AbortController()
    abort.current = control
    setError(null)
    setModel(null)
    load({ file, files }, control.signal, setProgress).then(
      (loaded) => (control.signal.aborted ? disposeModel(loaded.parsed.object) : setModel(loaded)),
      (thrown) => !control.signal.aborted && setError(describe(thrown)),
    )
    return () => control.abort()
  }, [attempt])
  return {
    progress,
    model,
    error,
    start: () => {
      setProgress({ step: 'loading', part: 0 })
      setModel(null)
      setAttempt(attempt + 1)
    },
    cancel: () => {
      abort.current?.abort()
      setAttempt(0)
      setProgress({ step: 'asked' })
    },
  }
}

async function load(
  { file, files }: Pick<FileProps, 'file' | 'files'>,
  signal: AbortSignal,
  tell: (progress: Progress) => void,
): Promise<Model> {
  const format = modelFormatOf(file)
  if (!format) throw new ModelError(assetText.viewer.noneHint)
  let shown = 0
  const bytes = await readBytes(file, {
    signal,
    onProgress(loaded) {
      const part = Math.floor((loaded / file.size) * 100) / 100
      if (part === shown) return
      shown = part
      tell({ step: 'loading', part })
    },
  })
  tell({ step: 'reading' })
  // reading some formats blocks the page: what happens is on the screen before
  await new Promise((resolve) => setTimeout(resolve, 30))
  signal.throwIfAborted()
  checkModel(format, bytes)
  const resources = resourcesOf(files, file)
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new ModelError(assetText.viewer.modelSlow)), PARSE_MS)
  const end = AbortSignal.any([signal, late.signal])
  const parsed = await Promise.race([
    parseModel(format, { bytes, files, resources, signal: end }),
    new Promise<never>((_, reject) =>
      end.addEventListener('abort', () => reject(end.reason), { once: true }),
    ),
  ]).finally(() => clearTimeout(timer))
  let isEmpty = true
  eachDrawn(parsed.object, ({ geometry }) => {
    if ((geometry.attributes.position?.count ?? 0) > 0) isEmpty = false
  })
  if (isEmpty) throw new ModelError(assetText.viewer.modelEmpty)
  await resources.settled()
  removeEmptyTextures(parsed.object)
  return { parsed, missing: [...resources.missing], unread: [...resources.unread] }
}

/** The errors of loaders are for programmers. */
const describe = (thrown: unknown): Error =>
  thrown instanceof ModelError || thrown instanceof ApiError
    ? thrown
    : new ModelError(assetText.viewer.modelBroken)
