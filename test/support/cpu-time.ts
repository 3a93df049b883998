/** Returns the processor time of this process so far, in milliseconds. Other processes do not make it longer. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
