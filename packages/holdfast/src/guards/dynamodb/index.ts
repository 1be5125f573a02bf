/// <reference lib="esnext.disposable" preserve="true" />
/** The entry `holdfast/guards/dynamodb`: the guard for data in DynamoDB, and the ledger over it. */
export type { Fenced, Mode, Sequencer } from '../../lease/lease.ts'
export type { GuardOptions } from '../admission.ts'
export type { LedgerPutOptions } from '../ledger-terms.ts'
export type { DynamodbSender } from './client.ts'
export {
  fence,
  fenceTable,
  type DynamodbFence,
  type DynamodbFenceOptions,
  type FenceTable,
  type ItemFragmentOptions,
} from './fence.ts'
export { ledger, type DynamodbLedger, type DynamodbLedgerEntry } from './ledger.ts'
export type { ItemFragments, MarkCondition, MarkPart, MarkUpdate } from './marks.ts'
