/** Spans and metrics of the locks of this process, for OpenTelemetry. */
export { instrument, type InstrumentOptions } from './instrument.ts'
