/** Metrics of the locks of this process, for Prometheus. */
export { nameOf, register, type RegisterOptions } from './register.ts'
