/** A metric of the text format of Prometheus. */
export interface MetricFamily {
  name: string
  help: string
  type: string
  samples: Sample[]
}

interface Sample {
  /** With the suffix of a histogram: `_bucket`, `_sum` or `_count`. */
  series: string
  labels: Record<string, string>
  value: number
}

/** Reads the metrics of a service, by name. */
export async function readMetrics(origin: string): Promise<Map<string, MetricFamily>> {
  const answer = await fetch(`${origin}/metrics`)
  if (!answer.ok) throw new Error(`/metrics answers ${answer.status}`)
  return parseMetrics(await answer.text())
}

function parseMetrics(text: string): Map<string, MetricFamily> {
  const families = new Map<string, MetricFamily>()
  let last: MetricFamily | undefined
  for (const line of text.split('\n')) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (keyword === 'HELP') {
      last = { name, help: rest, type: '', samples: [] }
      families.set(name, last)
    } else if (keyword === 'TYPE' && last) last.type = rest
    else if (line) last?.samples.push(sampleOf(line))
  }
  return families
}

function sampleOf(line: string): Sample {
  const [, series = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)]
  return {
    series,
    labels: Object.fromEntries(pairs.map(([, name, text]) => [name, text])),
    value: Number(value),
  }
}

/** Returns the sum of the samples of a series that have these labels; null if there is none. */
export function sumOf(
  families: Map<string, MetricFamily>,
  series: string,
  labels: Record<string, string> = {},
): number | null {
  const found = [...families.values()]
    .flatMap(({ samples }) => samples)
    .filter((one) => one.series === series)
    .filter((one) => Object.entries(labels).every(([name, value]) => one.labels[name] === value))
  return found.length === 0 ? null : found.reduce((sum, { value }) => sum + value, 0)
}
