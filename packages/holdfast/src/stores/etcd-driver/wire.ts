/** Loads the library that reads and writes protobuf, once a store opens. */
import { StoreUnavailable } from '../../store/errors.ts'
import { MessageCodec, type WireFormat } from './message.ts'

export async function loadedCodec(): Promise<MessageCodec> {
  const wire: unknown = await import('@bufbuild/protobuf/wire').catch((cause: unknown) => {
    throw new StoreUnavailable('etcd needs @bufbuild/protobuf: npm install @bufbuild/protobuf', {
      cause,
      isFinal: true,
    })
  })
  return new MessageCodec(wire as WireFormat)
}
