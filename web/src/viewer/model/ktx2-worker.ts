import { KTX2Loader } from 'three/addons/loaders/KTX2Loader.js'

/** The parts of `KTX2Loader` that it joins into the text of its worker, and that its types leave out. */
const { BasisWorker, EngineFormat, EngineType, TranscoderFormat, BasisFormat } =
  KTX2Loader as unknown as Record<string, unknown> & { BasisWorker(): void }

// the names by which the function of the worker finds them. The build puts the transcoder before this script
Object.assign(self, {
  _EngineFormat: EngineFormat,
  _EngineType: EngineType,
  _TranscoderFormat: TranscoderFormat,
  _BasisFormat: BasisFormat,
})
BasisWorker()
