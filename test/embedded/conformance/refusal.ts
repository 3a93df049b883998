/** Returns the error code of an operation, or undefined if it succeeds. */
export async function codeOf(operation: Promise<unknown>): Promise<unknown> {
  try {
    await operation
  } catch (error) {
    if (error instanceof Error && 'code' in error) return error.code
    throw error
  }
  return undefined
}
