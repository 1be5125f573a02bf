/** Series as `prom-client` takes them: durations as they come, counts when a scrape collects. */
import {
  type Attributes,
  type Count,
  type CountMetric,
  type HistogramMetric,
  type LabelOptions,
  LockStatistics,
  type Metric,
  METRICS,
  type StatisticsOptions,
} from '@holdfast/telemetry'
import { Counter, Gauge, Histogram, type Registry, register as globalRegistry } from 'prom-client'

export interface RegisterOptions extends LabelOptions, Pick<StatisticsOptions, 'onTrouble'> {
  /** Where the metrics are registered. @default the global registry of prom-client */
  readonly registry?: Registry
}

/**
 * Registers the metrics of every client of this process, until the returned function is called. Call it once for each registry:
 * `prom-client` throws where a name is registered already.
 *
 * @example
 * ```ts
 * register({ label: (name) => name.split(':')[0] ?? name })
 * server.get('/metrics', async (_, answer) => answer.type(registry.contentType).send(await registry.metrics()))
 * ```
 */
export function register({ registry = globalRegistry, ...options }: RegisterOptions = {}): () => void {
  const histograms = new Map<HistogramMetric, Histogram>()
  for (const metric of Object.values(METRICS)) {
    if (metric.kind === 'histogram')
      histograms.set(
        metric,
        histogramOf(registry, metric, () => statistics.flush()),
      )
    else registerCount(registry, metric, () => statistics.counts())
  }
  const measure = (metric: HistogramMetric, attributes: Attributes): ((seconds: number) => void) => {
    const series = histograms.get(metric)?.labels(labelsOf(attributes))
    return (seconds) => series?.observe(seconds)
  }
  const statistics = new LockStatistics(measure, options)
  return () => {
    statistics.stop()
    for (const metric of Object.values(METRICS)) registry.removeSingleMetric(nameOf(metric))
  }
}

/** The name of a metric in Prometheus: that which an exporter of OpenTelemetry gives it as well, so one board shows both. */
export function nameOf({ name, kind }: Pick<Metric, 'name' | 'kind'>): string {
  const plain = underscored(name)
  if (kind === 'histogram') return `${plain}_seconds`
  return kind === 'counter' ? `${plain}_total` : plain
}

function histogramOf(registry: Registry, metric: HistogramMetric, collect: () => void): Histogram {
  return new Histogram({ ...descriptionOf(registry, metric), buckets: [...metric.buckets], collect })
}

function registerCount(registry: Registry, metric: CountMetric, counts: () => Iterable<Count>): void {
  const about = descriptionOf(registry, metric)
  const read = (into: (labels: Attributes, value: number) => void): void => {
    for (const each of counts()) if (each.metric === metric) into(labelsOf(each.attributes), each.value)
  }
  const Kind = metric.kind === 'counter' ? Counter : Gauge
  const made: Counter | Gauge = new Kind({
    ...about,
    // Counted elsewhere: here it is set anew with each scrape.
    collect() {
      made.reset()
      read((labels, value) => made.inc(labels, value))
    },
  })
}

interface Description {
  readonly name: string
  readonly help: string
  readonly labelNames: string[]
  readonly registers: Registry[]
}

function descriptionOf(registry: Registry, metric: Metric): Description {
  const labelNames = metric.attributes.map((attribute) => underscored(attribute))
  return { name: nameOf(metric), help: metric.description, labelNames, registers: [registry] }
}

function labelsOf(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [underscored(name), value]))
}

function underscored(name: string): string {
  return name.replaceAll('.', '_')
}
