import worker from 'worker:ktx2'
import type { WebGLRenderer } from 'three'
import transcoder from 'three/addons/libs/basis/basis_transcoder.wasm'
import { KTX2Loader } from 'three/addons/loaders/KTX2Loader.js'

/**
 * Reads KTX2 textures with a worker of this build. The loader of three makes its worker from text, which the policy
 * forbids.
 */
export class OwnKtx2Loader extends KTX2Loader {
  override init(): Promise<void> {
    this.transcoderPending ??= fetch(new URL(transcoder, import.meta.url)).then(async (answer) => {
      const wasm = await answer.arrayBuffer()
      this.workerPool.setWorkerCreator(() => {
        const made = new Worker(new URL(worker, import.meta.url))
        const transcoderBinary = wasm.slice(0)
        made.postMessage({ type: 'init', config: this.workerConfig, transcoderBinary }, [transcoderBinary])
        return made
      })
    })
    return this.transcoderPending
  }

  /** Asks the graphics card which compressed textures it takes. The others are unpacked. */
  detect(): this {
    const context = document.createElement('canvas').getContext('webgl2')
    const get = (name: string) => context?.getExtension(name) ?? null
    const extensions = { get, has: (name: string) => get(name) !== null }
    this.detectSupport({ extensions } as unknown as WebGLRenderer)
    context?.getExtension('WEBGL_lose_context')?.loseContext()
    return this
  }
}
