import worker from 'worker:draco'
import decoder from 'three/addons/libs/draco/gltf/draco_decoder.wasm'
import { DRACOLoader } from 'three/addons/loaders/DRACOLoader.js'

/** The parts of `DRACOLoader` that it has for subclasses, and that its types leave out. */
interface Internals {
  decoderConfig: { wasmBinary?: ArrayBuffer }
  decoderPending: Promise<void> | null
  workerSourceURL: string
}

/** Decodes Draco with a worker of this build. The loader of three makes its worker from text, which the policy forbids. */
export class OwnDracoLoader extends DRACOLoader {
  _initDecoder(): Promise<void> {
    const self = this as unknown as Internals
    self.decoderPending ??= fetch(new URL(decoder, import.meta.url)).then(async (answer) => {
      self.decoderConfig.wasmBinary = await answer.arrayBuffer()
      self.workerSourceURL = new URL(worker, import.meta.url).href
    })
    return self.decoderPending
  }
}
