/** Series as OpenTelemetry takes them: durations as they come, counts when a reader collects. */
import {
  type Attributes,
  type CountMetric,
  type HistogramMetric,
  LockStatistics,
  METRICS,
  type StatisticsOptions,
} from '@holdfast/telemetry'
import type { BatchObservableResult, Histogram, Meter, Observable } from '@opentelemetry/api'

/** Counts until the returned function is called. */
export function meterLocks(meter: Meter, options: StatisticsOptions): () => void {
  const histograms = new Map<HistogramMetric, Histogram>()
  const observables = new Map<CountMetric, Observable>()
  for (const metric of Object.values(METRICS)) {
    if (metric.kind === 'histogram') histograms.set(metric, histogramOf(meter, metric))
    else observables.set(metric, observableOf(meter, metric))
  }
  const measure = (metric: HistogramMetric, attributes: Attributes): ((seconds: number) => void) => {
    const histogram = histograms.get(metric)
    return (seconds) => histogram?.record(seconds, attributes)
  }
  const statistics = new LockStatistics(measure, options)
  // The SDK asks for these before it reads its histograms.
  const observe = (result: BatchObservableResult): void => {
    statistics.flush()
    for (const { metric, attributes, value } of statistics.counts()) {
      const observable = observables.get(metric)
      if (observable !== undefined) result.observe(observable, value, attributes)
    }
  }
  const all = [...observables.values()]
  meter.addBatchObservableCallback(observe, all)
  return () => {
    meter.removeBatchObservableCallback(observe, all)
    statistics.stop()
  }
}

function histogramOf(meter: Meter, { name, description, unit, buckets }: HistogramMetric): Histogram {
  return meter.createHistogram(name, { description, unit, advice: { explicitBucketBoundaries: [...buckets] } })
}

function observableOf(meter: Meter, { kind, name, description, unit }: CountMetric): Observable {
  const about = { description, unit }
  if (kind === 'counter') return meter.createObservableCounter(name, about)
  return kind === 'sum' ? meter.createObservableUpDownCounter(name, about) : meter.createObservableGauge(name, about)
}
