/// <reference lib="esnext.disposable" preserve="true" />
/** The entry `holdfast/guards/files`: guards for data in files, by markers or by a lock of the operating system. */
export type { Fenced, Mode, Sequencer } from '../../lease/lease.ts'
export type { GuardOptions } from '../admission.ts'
export { fence, type FileEntry, type FileFence } from './fence.ts'
export { type FileLockFence, type FileLockFenceOptions, flockFence } from './flock-fence.ts'
