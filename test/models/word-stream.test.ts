import { expect } from 'chai'
import { Types } from 'mongoose'
import { AppError } from '../../app/errors.ts'
import type { ListedAsset } from '../../models/asset-page.ts'
import { rank, type WordRequest } from '../../models/word-stream.ts'

/** Longer than texts are compared without a pause, in milliseconds. */
const COMPARING_MS = 25
const ASSETS = Array.from({ length: 4 }, () => ({ _id: new Types.ObjectId(), files: [], fileSet: null }))

/** Returns a search whose comparison of one asset keeps the process busy. */
function busySearch(endsAt: number): WordRequest {
  const wholeTierOf = () => {
    const end = performance.now() + COMPARING_MS
    while (performance.now() < end);
    return 0
  }
  return { words: { wholeTierOf }, any: false, viewer: null, endsAt } as unknown as WordRequest
}

describe('comparison of the texts of assets', () => {
  const assets = ASSETS as unknown as ListedAsset[]

  it('rank – assets of very many texts → other work of the process runs in between', async () => {
    let turns = 0
    let isOver = false
    const other = () => {
      turns += 1
      if (!isOver) setImmediate(other)
    }
    setImmediate(other)
    const ranked = await rank(busySearch(Number.POSITIVE_INFINITY), assets)
    isOver = true
    expect(ranked).to.have.length(4)
    expect(turns).to.be.at.least(3)
  })

  it('rank – the time of the search is over → too_slow', async () => {
    const error = await rank(busySearch(performance.now()), assets).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(error).to.be.instanceOf(AppError)
    expect((error as AppError).code).to.equal('too_slow')
  })
})
