/** What the locks protect, as the workload sees it, wherever the data is. */
import type { Fenced } from 'holdfast'

export interface ProtectedResource {
  /** Before the first read. Without a guard it refuses no holder, and is recorded all the same. */
  enter(holder: Fenced): Promise<void>
  /** Plain: nothing is checked, as in every program that reads before it writes. */
  versionOf(list: string): Promise<number>
  checkedRead(holder: Fenced): Promise<number>
  /** Puts the element at the version after `base`; everything from there on is gone. */
  write(holder: Fenced, base: number, element: string): Promise<void>
  close(): Promise<void>
}
