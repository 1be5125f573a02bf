/** Events out of the text of a stream (SSE), in whatever pieces it arrives. */

export interface ReceivedEvent {
  readonly event: string
  readonly data: string
}

export class EventParser {
  /** Where to go on after a break. */
  place = ''
  /** How long to wait before coming back. */
  retryMs = 1_000
  #rest = ''

  /** What a connection that broke left unfinished is not the beginning of the next one. */
  begin(): void {
    this.#rest = ''
  }

  read(text: string): readonly ReceivedEvent[] {
    const blocks = (this.#rest + text).split('\n\n')
    this.#rest = blocks.pop() ?? ''
    return blocks.flatMap((block) => this.#eventOf(block))
  }

  #eventOf(block: string): readonly ReceivedEvent[] {
    let event = 'message'
    const data: string[] = []
    for (const line of block.split('\n')) {
      const [, field = '', value = ''] = /^([a-z]+): ?(.*)$/.exec(line) ?? []
      if (field === 'event') event = value
      else if (field === 'data') data.push(value)
      else if (field === 'id') this.place = value
      else if (field === 'retry') this.retryMs = Number(value)
    }
    return data.length === 0 ? [] : [{ event, data: data.join('\n') }]
  }
}
