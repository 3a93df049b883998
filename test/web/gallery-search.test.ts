import { expect } from 'chai'
import {
  chosenFilters,
  hasRareFilters,
  parseSearch,
  toggle,
  toParameters,
  withoutFilters,
} from '../../web/src/pages/gallery/search-state.ts'

describe('search of the gallery', () => {
  it('address – all filters → the same address, and each filter can be removed', () => {
    const address =
      'q=oak&scope=mine&type=3D&media=model&tag=wood&tag=chair&visibility=public&ext=glb&license=CC0-1.0&owner=ada' +
      '&tagAny=red&tagNot=broken&locked=1&untagged=1&minSize=10&maxSize=1000&createdAfter=2026-01-31' +
      '&createdBefore=2026-02-28&updatedAfter=2026-01-01&updatedBefore=2026-03-01&sort=-updated'
    const search = parseSearch(address)
    expect(toParameters(search).toString()).to.equal(address)
    const chosen = chosenFilters(search)
    expect(chosen).to.have.length(18)
    for (const { name, value, without } of chosen)
      expect(toParameters(without).toString()).to.equal(address.replace(`&${name}=${value}`, ''))
    expect(toParameters(withoutFilters(search)).toString()).to.equal('q=oak&scope=mine&sort=-updated')
  })

  it('address – unknown scope, sizes and days → defaults', () => {
    const search = parseSearch('scope=all-of-it&minSize=ten&createdAfter=yesterday&locked=yes&tag=')
    expect(toParameters(search).toString()).to.equal('')
  })

  it('tag – chosen, then excluded → no longer chosen', () => {
    const excluded = toggle(toggle(parseSearch(''), 'tag', 'wood'), 'tagNot', 'wood')
    expect(toParameters(excluded).toString()).to.equal('tagNot=wood')
    expect(toParameters(toggle(excluded, 'tag', 'wood')).toString()).to.equal('tag=wood')
    expect(hasRareFilters(excluded)).to.equal(false)
    expect(hasRareFilters(parseSearch('ext=glb'))).to.equal(true)
  })
})
