import { KTX2Loader } from 'three/addons/loaders/KTX2Loader.js'

/** A type of the transcoder, as Embind describes it. */
interface WireType {
  toWireType(destructors: unknown[] | null, value: unknown): unknown
  fromWireType(value: unknown): unknown
  readValueFromPointer(pointer: number): unknown
  argPackAdvance: number
  destructorFunction: ((value: unknown) => void) | null
  isVoid?: boolean
}

/** A function of the transcoder, as Embind describes it. */
interface Callee {
  /** Of the result, of the object of a method, and of each argument. */
  argTypes: [result: WireType, object: WireType, ...WireType[]]
  isClassMethodFunc: boolean
  needsDestructorStack: boolean
  returns: boolean
  cppInvokerFunc(target: unknown, ...wired: unknown[]): unknown
  cppTargetFunc: unknown
  runDestructors(destructors: unknown[]): void
}

/** Returns a function that calls one of the transcoder. Embind makes it from text, which the policy forbids. */
function callerOf({ argTypes, isClassMethodFunc, needsDestructorStack, returns, ...callee }: Callee) {
  const [result, object, ...others] = argTypes
  const types = isClassMethodFunc ? [object, ...others] : others
  return function (this: unknown, ...args: unknown[]): unknown {
    const values = isClassMethodFunc ? [this, ...args] : args
    const destructors = needsDestructorStack ? [] : null
    const wired = types.map((type, index) => type.toWireType(destructors, values[index]))
    const returned = callee.cppInvokerFunc(callee.cppTargetFunc, ...wired)
    if (destructors) callee.runDestructors(destructors)
    else for (const [index, { destructorFunction }] of types.entries()) destructorFunction?.(wired[index])
    return returns ? result.fromWireType(returned) : undefined
  }
}

interface Method {
  types: WireType[]
  retType: WireType
  kind: number
  emval_returnValue(type: WireType, destructors: number, value: unknown): unknown
}

const METHOD = 0
const CONSTRUCTOR = 1

/** Returns a function by which the transcoder calls one of JavaScript, also made from text by Embind. */
function methodCallerOf({ types, retType, kind, emval_returnValue }: Method) {
  return (
    object: unknown,
    called: (...values: unknown[]) => unknown,
    destructors: number,
    args: number,
  ): unknown => {
    let place = args
    const values = types.map((type) => {
      const value = type.readValueFromPointer(place)
      place += type.argPackAdvance
      return value
    })
    const returned =
      kind === CONSTRUCTOR
        ? Reflect.construct(called, values)
        : called.call(...((kind === METHOD ? [object, ...values] : values) as [unknown, ...unknown[]]))
    return retType.isVoid ? undefined : emval_returnValue(retType, destructors, returned)
  }
}

/** The parts of `KTX2Loader` that it joins into the text of its worker, and that its types leave out. */
const { BasisWorker, EngineFormat, EngineType, TranscoderFormat, BasisFormat } =
  KTX2Loader as unknown as Record<string, unknown> & { BasisWorker(): void }

// the names by which the transcoder and the function of the worker find them; the build puts the transcoder before
Object.assign(self, {
  callerOf,
  methodCallerOf,
  _EngineFormat: EngineFormat,
  _EngineType: EngineType,
  _TranscoderFormat: TranscoderFormat,
  _BasisFormat: BasisFormat,
})
BasisWorker()
