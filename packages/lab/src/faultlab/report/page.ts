/** The page of a run: the answer, the timeline with the history beneath it, where it was broken, and what the answer rests on. */
import { properties, type Property, type Violation } from '../../judge/violation.ts'
import { escapeText } from '../../timeline/escape.ts'
import type { HistoryEvent } from '@holdfast/testbed/history'
import { legend, pageStyle, POLICY } from '../../timeline/page.ts'
import { viewerHtml, viewerScript, viewerStyle } from '../../timeline/viewer-page.ts'
import { faultsOf } from '../faults/catalogue.ts'
import { lockName, type Settings } from '../settings.ts'
import type { LabVerdict } from '../verdict.ts'
import { drawingOf, lineFinder } from '../../timeline/drawing.ts'

export interface PageParts {
  readonly settings: Settings
  readonly verdict: LabVerdict
  readonly events: readonly HistoryEvent[]
  /** The text of history.ndjson. */
  readonly history: string
  readonly command: string
}

const VIOLATIONS_SHOWN = 100

export function pageOf(parts: PageParts): string {
  const { verdict, settings, events, history } = parts
  const excused = verdict.excused.flatMap(({ violations }) => violations)
  const model = drawingOf(events, [...verdict.violations, ...excused])
  const title = `Fault lab: ${lockName(settings)} on ${settings.scheme}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escapeText(title)}</title>
<style>${pageStyle}${viewerStyle}${tableStyle}</style>
</head>
<body>
<svg width="0" height="0" style="position:absolute;min-width:0;width:0" aria-hidden="true"><defs><pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-ground" width="8" height="8"/><line class="hatch-line" x1="0" x2="0" y1="0" y2="8"/></pattern></defs></svg>
<h1>${escapeText(title)}</h1>
<p class="verdict ${verdict.result === 'held' ? 'good' : 'bad'}">${escapeText(verdict.text)}</p>
<p class="soft">Repeat it with <code>${escapeText(parts.command)}</code></p>
${legend()}
<noscript><p>The timeline needs the script of this page; the tables below and history.ndjson do not.</p></noscript>
${viewerHtml({ model, history })}
${violationList(verdict.violations, events)}
${faultTable(parts)}
${promiseTable(verdict)}
<footer>Made by holdfast lab from what the processes recorded (Node ${escapeText(process.version)}).</footer>
<div id="tip" hidden></div>
<script type="module">${viewerScript()}</script>
</body>
</html>
`
}

const tableStyle = `
table{border-collapse:collapse;margin:.8rem 0}
th,td{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}
`

function faultTable({ verdict, settings }: PageParts): string {
  const known = faultsOf(settings.scheme)?.faults
  const rows = verdict.faults.map(({ name, made, effective }) => {
    const fault = known?.get(name)
    return [name, fault?.what ?? '', fault?.rights ?? '', String(made), `${effective} (${fault?.counts ?? ''})`]
  })
  return table(['fault', 'what is done', 'rights needed', 'made', 'with effect'], rows)
}

function promiseTable({ violations, excused, notJudged }: LabVerdict): string {
  const rows = (Object.keys(properties) as Property[]).map((property) => {
    const excuse = excused.find((each) => each.excuse.property === property)
    const broken = violations.filter((violation) => violation.property === property).length
    const unseen = notJudged.find((text) => text.startsWith(`${property}:`))
    if (unseen !== undefined)
      return [property, properties[property], `not judged. ${unseen.slice(property.length + 2)}`]
    if (excuse === undefined)
      return [property, properties[property], broken === 0 ? 'no violation' : `broken ${broken} times`]
    return [
      property,
      properties[property],
      `broken ${excuse.violations.length} times, and may be: ${excuse.excuse.because}`,
    ]
  })
  return table(['', 'promise', 'found'], rows)
}

function violationList(violations: readonly Violation[], events: readonly HistoryEvent[]): string {
  if (violations.length === 0) return ''
  const lineOf = lineFinder(events)
  const items = violations.slice(0, VIOLATIONS_SHOWN).map(({ property, p, k, atNs, text }) => {
    const line = lineOf(atNs)
    const link = `<a href="#L${line}">history.ndjson, line ${line}</a>`
    return `<li class="bad"><time>${(atNs / 1e9).toFixed(3)} s</time><span><b>${property}</b> ${escapeText(`${p}, ${k}: ${text}`)} (${link})</span></li>`
  })
  const more = violations.length > VIOLATIONS_SHOWN ? `<p>… and ${violations.length - VIOLATIONS_SHOWN} more.</p>` : ''
  return `<h2>Where</h2><ol>${items.join('\n')}</ol>${more}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lined = (tag: string, cells: readonly string[]): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeText(cell)}</${tag}>`).join('')}</tr>`
  return `<table>${lined('th', head)}${rows.map((row) => lined('td', row)).join('')}</table>`
}
