/** The code an operation is refused with; undefined when it is not. */
export async function codeOf(operation: Promise<unknown>): Promise<unknown> {
  try {
    await operation
  } catch (error) {
    if (error instanceof Error && 'code' in error) return error.code
    throw error
  }
  return undefined
}
