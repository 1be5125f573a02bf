/** One self-contained page from one or more histories. Nothing is loaded from anywhere, and the page says so to the browser. */
import { readFileSync } from 'node:fs'
import { escapeText } from './escape.ts'
import type { HistoryEvent } from '@holdfast/testbed/history'
import { hoverScript } from './hover.ts'
import type { Finding } from './model.ts'
import { modelOf } from './model-of.ts'
import { svgOf } from './svg.ts'

/** A moment worth a line of text under the drawing. */
export interface Moment {
  readonly t: string
  readonly text: string
  readonly tone: 'plain' | 'bad' | 'good'
}

export interface TimelineSection {
  readonly title: string
  readonly text: string
  readonly verdict: string
  readonly tone: 'bad' | 'good'
  readonly events: readonly HistoryEvent[]
  readonly findings: readonly Finding[]
  readonly moments: readonly Moment[]
}

export interface TimelinePage {
  readonly title: string
  readonly text: string
  readonly footer: string
  readonly sections: readonly TimelineSection[]
}

/** No network, no frames, no forms: inline style and script only. */
export const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

export const pageStyle: string = readFileSync(new URL('page.css', import.meta.url), 'utf8')

export function timelineHtml(page: TimelinePage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escapeText(page.title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<svg width="0" height="0" style="position:absolute;min-width:0;width:0" aria-hidden="true"><defs><pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-ground" width="8" height="8"/><line class="hatch-line" x1="0" x2="0" y1="0" y2="8"/></pattern></defs></svg>
<h1>${escapeText(page.title)}</h1>
<p>${escapeText(page.text)}</p>
${legend()}
${page.sections.map(sectionHtml).join('\n')}
<footer>${escapeText(page.footer)}</footer>
<div id="tip" hidden></div>
<script>${hoverScript}</script>
</body>
</html>
`
}

function sectionHtml(section: TimelineSection): string {
  const label = `${section.title}. ${section.verdict}`
  return `<section>
<h2>${escapeText(section.title)}</h2>
<p class="soft">${escapeText(section.text)}</p>
<p class="verdict ${section.tone}">${escapeText(section.verdict)}</p>
<div class="chart">${svgOf(modelOf(section.events, section.findings), label)}</div>
<ol>
${momentsHtml(section)}
</ol>
</section>`
}

function momentsHtml(section: TimelineSection): string {
  const origin = section.events.reduce(
    (least, event) => (BigInt(event.t) < least ? BigInt(event.t) : least),
    BigInt(section.events[0]?.t ?? 0),
  )
  return section.moments
    .map((moment) => {
      const seconds = (Number(BigInt(moment.t) - origin) / 1e9).toFixed(3)
      return `<li class="${moment.tone}"><time>${seconds} s</time><span>${escapeText(moment.text)}</span></li>`
    })
    .join('\n')
}

export function legend(): string {
  const entries: readonly (readonly [string, string])[] = [
    [
      '<g class="hold t0"><rect x="2" y="3" width="17" height="16" rx="2"/></g><g class="hold t1"><rect x="21" y="3" width="17" height="16" rx="2"/></g>',
      'holds the lock; each token has a colour',
    ],
    [
      '<g class="overtime t0"><rect x="2" y="3" width="36" height="16" rx="2"/></g>',
      'its lease is over and it does not know',
    ],
    [
      '<g class="step"><rect x="2" y="6" width="36" height="10" rx="2"/></g>',
      'a call that takes time (thin and light inside a hold)',
    ],
    ['<g class="wait"><rect x="2" y="9" width="36" height="3.5" rx="1"/></g>', 'waits for the lock'],
    ['<g class="pause"><rect x="2" y="2" width="36" height="18" rx="2"/></g>', 'a fault: stopped, killed, cut off …'],
    ['<g class="fault"><path d="M21 3l-5 9h4l-2 7l6-10h-4z"/></g>', 'a fault of one moment'],
    ['<g class="event"><path d="M20 5l6 6l-6 6l-6-6z"/></g>', 'something else that this process did'],
    ['<g class="accepted"><circle cx="20" cy="11" r="6"/></g>', 'the resource accepted a write'],
    [
      '<g class="refused"><circle class="disc" cx="20" cy="11" r="8"/><path d="M16.5 7.5l7 7m0-7l-7 7"/></g>',
      'the resource refused a stale token',
    ],
    [
      '<g class="violation"><path class="sign" d="M20 2l9.5 16.5h-19z"/><path d="M20 7.5v5.5m0 2.6v.4"/></g>',
      'this should never happen',
    ],
  ]
  const items = entries.map(
    ([drawing, text]) => `<li><svg viewBox="0 0 40 22" aria-hidden="true">${drawing}</svg>${escapeText(text)}</li>`,
  )
  return `<ul class="legend">${items.join('')}</ul>`
}
