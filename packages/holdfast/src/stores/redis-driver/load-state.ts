/** A server that was started and still reads its data: it tells so in INFO, and refuses everything else. */
import { NotApplied } from '../../store/errors.ts'

/** Takes the answer to INFO, of which the section `persistence` is enough. */
export function stillLoading(info: string): NotApplied | undefined {
  if (!/^loading:1\r?$/m.test(info)) return undefined
  const seconds = /^loading_eta_seconds:(\d+)/m.exec(info)?.[1]
  const howLong = seconds === undefined ? '' : `, for about ${seconds} s more`
  return new NotApplied(`opening: Redis is not ready (LOADING): it loads its data${howLong}`)
}
