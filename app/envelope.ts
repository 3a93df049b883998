/** The one shape of every successful JSON answer (contract §1). */
export const success = <T extends object>(res: T) => ({ status: 'success' as const, res })
