import {
  AnimationMixer,
  Color,
  DirectionalLight,
  HemisphereLight,
  NeutralToneMapping,
  PerspectiveCamera,
  PMREMGenerator,
  Scene,
  Sphere,
  Spherical,
  Timer,
  Vector3,
  WebGLRenderer,
} from 'three'
import { OrbitControls } from 'three/addons/controls/OrbitControls.js'
import { RoomEnvironment } from 'three/addons/environments/RoomEnvironment.js'
import type { Parsed } from './formats.ts'
import { disposeModel, eachDrawn, type Measures, materialsOf, measure } from './measure.ts'
import { Section } from './section.ts'

const FIELD_OF_VIEW = 32
const MAX_PIXEL_RATIO = 2
/** Distance of the camera as a multiple of the one at which the model touches the edges. */
const SPACE = 1.06
/** Side of a poster in pixels. */
const POSTER = 1024
/** Side of the surroundings that models reflect, in pixels. */
const ENVIRONMENT = 128
/** Where the camera stands first, seen from the middle of the model. */
const DIRECTION = new Vector3(0.72, 0.46, 1).normalize()

/** One model on a canvas. There is one at a time: a new one closes the former. */
export class ModelStage {
  static #open: ModelStage | null = null
  readonly #renderer: WebGLRenderer
  readonly #scene = new Scene()
  readonly #camera = new PerspectiveCamera(FIELD_OF_VIEW, 1, 0.01, 1000)
  readonly #controls: OrbitControls
  readonly #observer = new ResizeObserver(() => this.#resize())
  readonly #sphere = new Sphere(new Vector3(), 1)
  readonly #mixer: AnimationMixer
  readonly #timer = new Timer()
  readonly measures: Measures
  readonly section: Section
  #frame = 0
  #plays = false

  /** @throws if the browser has no WebGL */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly model: Parsed,
  ) {
    ModelStage.#open?.close()
    this.#renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true })
    ModelStage.#open = this
    this.#renderer.toneMapping = NeutralToneMapping
    this.#renderer.setPixelRatio(Math.min(MAX_PIXEL_RATIO, devicePixelRatio))
    this.#light()
    this.measures = measure(model.object)
    this.section = new Section(this.#renderer, model.object, this.measures.box)
    this.#scene.add(model.object)
    this.#mixer = new AnimationMixer(model.object)
    this.#controls = new OrbitControls(this.#camera, canvas)
    this.#controls.addEventListener('change', () => this.draw())
    if (!this.measures.box.isEmpty()) this.measures.box.getBoundingSphere(this.#sphere)
    this.#sphere.radius ||= 1
    this.#observer.observe(canvas)
    this.#resize()
    this.reset()
  }

  /** Turns the camera back to where it began. */
  reset(): void {
    const { center, radius } = this.#sphere
    const narrow = Math.min(1, this.#camera.aspect)
    const half = Math.atan(Math.tan((FIELD_OF_VIEW * Math.PI) / 360) * narrow)
    const distance = (radius / Math.sin(half)) * SPACE
    this.#camera.position.copy(DIRECTION).multiplyScalar(distance).add(center)
    this.#camera.near = distance / 1000
    this.#camera.far = distance * 100
    this.#camera.updateProjectionMatrix()
    this.#controls.minDistance = radius / 100
    this.#controls.maxDistance = distance * 20
    this.#controls.target.copy(center)
    this.#controls.update()
    this.draw()
  }

  /** Moves the camera around the model, in radians, and towards it by a factor. */
  move(turn: number, lift: number, nearer = 1): void {
    const { target } = this.#controls
    const place = new Spherical().setFromVector3(this.#camera.position.clone().sub(target))
    place.theta += turn
    place.phi -= lift
    place.radius /= nearer
    place.makeSafe()
    this.#camera.position.setFromSpherical(place).add(target)
    this.#controls.update()
    this.draw()
  }

  set wireframe(isShown: boolean) {
    eachDrawn(this.model.object, (part) => {
      for (const material of materialsOf(part)) if ('wireframe' in material) material.wireframe = isShown
    })
    this.draw()
  }

  /** @param color null: none, what is behind the canvas is seen */
  set background(color: string | null) {
    this.#scene.background = color ? new Color(color) : null
    this.draw()
  }

  /** Plays one of the animations of the model from its beginning. */
  choose(index: number): void {
    this.#mixer.stopAllAction()
    const clip = this.model.animations[index]
    if (clip) this.#mixer.clipAction(clip).play()
    this.draw()
  }

  set plays(plays: boolean) {
    this.#plays = plays
    this.#timer.reset()
    this.#timer.update()
    this.draw()
  }

  /** Draws once before the next picture of the screen, however often it is called. */
  draw(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0
      if (this.#plays) {
        this.#timer.update()
        this.#mixer.update(this.#timer.getDelta())
        this.draw()
      }
      this.#render()
    })
  }

  /** Returns a square picture of what is seen, as PNG without background. */
  async poster(): Promise<Blob> {
    const { background } = this.#scene
    const { aspect } = this.#camera
    const ratio = this.#renderer.getPixelRatio()
    this.#scene.background = null
    this.#camera.aspect = 1
    const half = Math.atan(Math.tan((FIELD_OF_VIEW * Math.PI) / 360) * Math.min(1, aspect))
    this.#camera.fov = (half * 360) / Math.PI
    this.#camera.updateProjectionMatrix()
    this.#renderer.setPixelRatio(1)
    this.#renderer.setSize(POSTER, POSTER, false)
    this.#render()
    // the pixels are copied at once, and are gone after the task
    const picture = new Promise<Blob | null>((resolve) => this.canvas.toBlob(resolve, 'image/png'))
    this.#scene.background = background
    this.#camera.fov = FIELD_OF_VIEW
    this.#renderer.setPixelRatio(ratio)
    this.#resize()
    this.#render()
    const blob = await picture
    if (!blob) throw new Error('the canvas gave no picture')
    return blob
  }

  /** Frees everything, the graphics context too. */
  close(): void {
    if (ModelStage.#open !== this) return
    ModelStage.#open = null
    cancelAnimationFrame(this.#frame)
    this.#frame = -1
    this.#observer.disconnect()
    this.#controls.dispose()
    this.#mixer.stopAllAction()
    this.#mixer.uncacheRoot(this.model.object)
    disposeModel(this.model.object)
    this.#scene.environment?.dispose()
    this.#renderer.dispose()
    this.#renderer.forceContextLoss()
  }

  #light(): void {
    const generator = new PMREMGenerator(this.#renderer)
    const room = new RoomEnvironment()
    this.#scene.environment = generator.fromScene(room, 0.04, 0.1, 100, { size: ENVIRONMENT }).texture
    this.#scene.environmentIntensity = 0.75
    room.dispose()
    generator.dispose()
    const key = new DirectionalLight(0xffffff, 1.1)
    key.position.set(-1, 2, 1.5)
    this.#scene.add(key, new HemisphereLight(0xffffff, 0x9aa0aa, 0.6))
  }

  #render(): void {
    this.#renderer.render(this.#scene, this.#camera)
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas
    if (width === 0 || height === 0) return
    this.#renderer.setSize(width, height, false)
    this.#camera.aspect = width / height
    this.#camera.updateProjectionMatrix()
    this.#render()
  }
}
