/** A page of the repository as a page of the site: its title, its description, and links that lead to other pages of the site. */
import { dirname, posix } from 'node:path'
import { parts, slugOf } from '../site/side-bar.mjs'

const DESCRIPTION_MAX = 200
const PICTURE = /(!\[[^\]]*\])\((?:docs\/|\.\.\/)?pictures\/([^)\s]+)\)/g
const LINK = /(?<!!)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g

/**
 * `pages`: those that the site has.
 * @param {string} page
 * @param {string} markdown
 * @param {ReadonlySet<string>} pages
 */
export function sitePage(page, markdown, pages) {
  const [, title = page] = /^# (.+)$/m.exec(markdown) ?? []
  const body = outsideCode(markdown.replace(/^# .+\n+/m, ''), (text) =>
    text
      .replaceAll(PICTURE, '$1(/pictures/$2)')
      .replaceAll(LINK, (link, words, target) => siteLink({ page, link, words, target, pages })),
  )
  const words = parts.flatMap(({ places }) => places).find((place) => place.page === page)?.words
  const head = { title: plain(title), description: descriptionOf(body) }
  const lines = Object.entries(head).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  const found =
    words === undefined ? '' : `\n<p class="search-words" data-pagefind-weight="8">Also found as: ${words}</p>\n`
  return `---\n${lines.join('\n')}\n---\n\n${body}${found}`
}

/**
 * Sources have no page: of a link to them its words stay.
 * @param {{ page: string, link: string, words: string, target: string, pages: ReadonlySet<string> }} found
 */
function siteLink({ page, link, words, target, pages }) {
  if (/^[a-z]+:|^#/.test(target)) return link
  const [path = '', anchor] = target.split('#')
  const to = posix.join(dirname(page), path)
  if (!pages.has(to)) return words
  const slug = slugOf(to)
  return `[${words}](/${slug === 'index' ? '' : `${slug}/`}${anchor === undefined ? '' : `#${anchor}`})`
}

/**
 * Applies a change to prose alone.
 * @param {string} markdown
 * @param {(text: string) => string} change
 */
function outsideCode(markdown, change) {
  return markdown
    .split(/(^```[\s\S]*?^```$)/m)
    .map((part) => (part.startsWith('```') ? part.replace(/^```(\w+) .*/, '```$1') : change(part)))
    .join('')
}

/** @param {string} body */
function descriptionOf(body) {
  const first = body.split(/\n{2,}/).find((part) => /^[\p{L}*`]/u.test(part.trim())) ?? ''
  const text = plain(first.replaceAll(/\s+/g, ' '))
  return text.length <= DESCRIPTION_MAX ? text : `${text.slice(0, text.lastIndexOf(' ', DESCRIPTION_MAX))} …`
}

/** @param {string} text */
function plain(text) {
  return text.replaceAll(LINK, '$1').replaceAll(/[`*]/g, '').trim()
}
