import { Asset } from '../../../models/asset.ts'

/** Builds the text index of the previous release, which searches use until the migration of the words. */
export async function buildFormerTextIndex(): Promise<void> {
  await Asset.collection.createIndex(
    { 'words.name': 'text', 'words.tags': 'text', 'words.description': 'text' },
    {
      name: 'words',
      weights: { 'words.name': 10, 'words.tags': 5, 'words.description': 1 },
      default_language: 'english',
      language_override: 'words.language',
    },
  )
}
