/** The page of `holdfast watch` that asks before an eviction: whom it hits, what follows, and why. */
import { holdersInWords } from './line-view.ts'
import { lastPart } from './text.ts'
import { type EvictionForm, REASON_BYTES } from './watch-controls.ts'
import type { Frame } from './watch-frame.ts'
import type { FrameLine, Tone } from './watch-table.ts'

export function formLines(frame: Frame, form: EvictionForm): readonly FrameLine[] {
  const line = frame.view.lines.find(({ name }) => name === form.name)?.line
  const holder = line?.claims.find(({ token, state }) => token === form.token && state === 'held')
  const next = line?.claims.find(({ state }) => state === 'waiting')
  const say = (text: string, tone: Tone = 'plain'): FrameLine => ({ text: frame.clean(text), tone })
  return [
    say(`Evict the holder of ${form.name}`, 'title'),
    say(`  holder  ${form.owner}${form.note === '' ? '' : ` (${form.note})`}`),
    say(`  token   ${form.token}`),
    say(`  held    ${holder === undefined ? 'no more' : frame.age(form.name, holder).text}`),
    say(`  next    ${next === undefined ? 'nobody waits' : next.owner}`),
    say(''),
    say('The holder is told at its next renewal at the latest.', 'quiet'),
    say('From the next grant on a guard refuses its token; without a guard it may go on writing.', 'quiet'),
    ...(holder === undefined
      ? [say(`This token does not hold it any more: ${(line && holdersInWords(line)) ?? 'it is free'}.`, 'trouble')]
      : []),
  ]
}

/** The last line of the screen: what is asked. */
export function formPrompt(frame: Frame, { reason, step, token, name }: EvictionForm, columns: number): FrameLine {
  if (step === 'consent') {
    return {
      text: frame.clean(`Evict token ${token} from "${name}"? y evicts, any other key does not`),
      tone: 'trouble',
    }
  }
  const left = ` (${Buffer.byteLength(reason)} of ${REASON_BYTES} bytes; Enter goes on, Esc leaves)`
  const question = 'Reason, told to the holder: '
  const room = columns - question.length - left.length - 1
  return { text: `${question}${lastPart(frame.clean(reason), Math.max(8, room))}▏${left}`, tone: 'selected' }
}
