/** The stream that is a bucket: its name, its subjects, and what JetStream says of it. */

/** Times in nanoseconds. */
export interface NatsStream {
  readonly config: {
    readonly subjects?: readonly string[]
    readonly storage: 'file' | 'memory'
    readonly num_replicas: number
    readonly retention: string
    readonly discard: 'new' | 'old'
    readonly max_age: number
    readonly max_bytes: number
    readonly max_msgs: number
    readonly mirror?: object
  }
  readonly state: {
    readonly bytes: number
    readonly num_subjects?: number
    readonly subjects?: Readonly<Record<string, number>>
  }
  readonly cluster?: {
    readonly leader?: string
    readonly replicas?: readonly { readonly name: string; readonly current: boolean; readonly offline?: boolean }[]
  }
  /** Of the subjects, where they were asked for. */
  readonly total?: number
}

export function streamOf(bucket: string): string {
  return `KV_${bucket}`
}

export function subjectsOf(bucket: string): string {
  return `$KV.${bucket}.>`
}
