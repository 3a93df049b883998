import { type Box3, DoubleSide, type Object3D, Plane, type Side, Vector3, type WebGLRenderer } from 'three'
import { eachDrawn, materialsOf } from './measure.ts'

export type Axis = 'x' | 'y' | 'z'

/** Cuts a model with a plane, so that its inside can be seen. */
export class Section {
  readonly #plane = new Plane(new Vector3(-1, 0, 0), 0)
  readonly #sides = new Map<object, Side>()

  constructor(
    private readonly renderer: WebGLRenderer,
    private readonly object: Object3D,
    private readonly box: Box3,
  ) {}

  /** Shows the part before the plane. @param part where the plane is, from 0 to 1 of the box */
  cut(axis: Axis, part: number): void {
    const { min, max } = this.box
    this.#plane.normal.set(0, 0, 0)[axis] = -1
    this.#plane.constant = min[axis] + (max[axis] - min[axis]) * part
    this.renderer.clippingPlanes = [this.#plane]
    eachDrawn(this.object, (drawn) => {
      for (const material of materialsOf(drawn)) {
        if (!this.#sides.has(material)) this.#sides.set(material, material.side)
        if (material.side !== DoubleSide) {
          material.side = DoubleSide
          material.needsUpdate = true
        }
      }
    })
  }

  /** Shows the whole model. */
  end(): void {
    this.renderer.clippingPlanes = []
    eachDrawn(this.object, (drawn) => {
      for (const material of materialsOf(drawn)) {
        material.side = this.#sides.get(material) ?? material.side
        material.needsUpdate = true
      }
    })
    this.#sides.clear()
  }
}
