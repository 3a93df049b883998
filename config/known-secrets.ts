/**
 * Secrets that earlier versions of this repository published as examples. Production refuses them, because everybody can
 * read them.
 */
export const KNOWN_SECRETS: Readonly<Record<string, readonly string[]>> = {
  JWT_SECRET: [
    'only-for-trying-only-for-trying-only-for-trying',
    'a-secret-that-only-tests-use-of-32-characters-at-least',
  ],
  AWS_ACCESS_KEY_ID: ['GK0123456789abcdef01234567'],
  AWS_SECRET_ACCESS_KEY: ['0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'],
}
