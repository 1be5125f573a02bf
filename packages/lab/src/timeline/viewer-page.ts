/**
 * The timeline that can be zoomed, filtered and searched, as a piece of a page that loads nothing: the program of
 * viewer/ as one inline module, and what it draws, packed.
 */
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { gzipSync } from 'node:zlib'
import type { Model } from './model.ts'
import { sheetOf } from './viewer/sheet.ts'

/** In the order in which they need each other. */
const PARTS = [
  'view',
  'visible',
  'things',
  'layout',
  'pen',
  'draw-marks',
  'draw',
  'overview',
  'history-panel',
  'controls',
  'main',
] as const
/** As this file: `.ts` from the sources, `.js` where it was built. */
const ENDING = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
/** A longer history stays in its file: a browser has it in memory more than once. */
const HISTORY_BYTES_MAX = 64 * 1024 * 1024

export const viewerStyle: string = readFileSync(new URL('viewer/viewer.css', import.meta.url), 'utf8')

export interface Viewed {
  readonly model: Model
  /** The whole text of history.ndjson. */
  readonly history: string
}

export function viewerHtml({ model, history }: Viewed): string {
  const isCarried = Buffer.byteLength(history) <= HISTORY_BYTES_MAX
  const hint = isCarried
    ? 'Every line of the history; a number leads to its moment.'
    : 'The history is too long for this page; it is in history.ndjson beside it.'
  return `<section class="viewer" aria-label="Timeline">
${readFileSync(new URL('viewer/viewer.html', import.meta.url), 'utf8')}
<h3>History</h3>
<p class="soft">${hint}</p>
<div id="lines" tabindex="0" role="region" aria-label="history.ndjson"${isCarried ? '' : ' hidden'}></div>
</section>
<script type="text/plain" id="sheet">${packed(JSON.stringify(sheetOf(model)))}</script>
<script type="text/plain" id="history">${isCarried ? packed(history) : ''}</script>`
}

/** Belongs behind everything that it looks for in the page. */
export function viewerScript(): string {
  return PARTS.map(partOf).join('\n')
}

/** The parts share one scope, so that nothing has to be loaded. */
function partOf(name: string): string {
  const text = readFileSync(new URL(`viewer/${name}${ENDING}`, import.meta.url), 'utf8')
  const plain = ENDING === '.ts' ? stripTypeScriptTypes(text) : text
  return plain
    .replaceAll(/^import [^'"]*['"][^'"]+['"];?$/gm, '')
    .replaceAll(/^export (?=(?:async )?function|const|class)/gm, '')
    .replaceAll(/^export \{.*\};?$/gm, '')
    .replaceAll(/^\/\/[/#].*$/gm, '')
}

/** Base64 has no character that could end the element. */
function packed(text: string): string {
  return gzipSync(text, { level: 9 }).toString('base64')
}
