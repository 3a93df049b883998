import { useQuery } from '@tanstack/preact-query'
import { assetQuery } from '../../api/assets.ts'

/** The URLs in an answer last at least one hour. They are read again long before, in milliseconds. */
export const RENEW_MS = 25 * 60_000

/** Reads an asset, and reads it again before its signed URLs end, also in a window that is not seen. */
export const useAsset = (id: string) =>
  useQuery({
    ...assetQuery(id),
    refetchInterval: RENEW_MS,
    refetchIntervalInBackground: true,
    // a computer that slept has missed the interval
    refetchOnWindowFocus: true,
  })
