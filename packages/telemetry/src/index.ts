/** What the locks of a process count and measure, for any system of metrics. */
export { type ChannelMap, listen, type Listeners } from './channels.ts'
export { LABELS_MAX, type LabelOptions, LockLabels, plainLabel } from './labels.ts'
export { type Attributes, type CountMetric, type HistogramMetric, METRICS, type Metric } from './metrics.ts'
export { type Count, LockStatistics, type Measure, type StatisticsOptions } from './statistics.ts'
