/** The reference: one page an entry point, in docs/api, made from the comments of the declarations. */

/**
 * What is used of API Extractor's model.
 * @typedef {{ readonly kind: string, readonly text: string }} Token
 * @typedef {object} Item
 * @property {string} kind
 * @property {string} name
 * @property {string} [docComment]
 * @property {readonly Token[]} [excerptTokens]
 * @property {boolean} [isOptional]
 * @property {readonly Item[]} [members]
 */

/**
 * @param {string} entry as it is imported
 * @param {string} report the file of declarations in packages/holdfast/etc
 * @param {{ readonly members: readonly Item[] }} model
 */
export function pageOf(entry, report, model) {
  const names = model.members.flatMap(({ members = [] }) => members)
  return [
    `# \`${entry}\``,
    '',
    'Made by `npm run api:update` from the comments of the source, not by hand.',
    `The same as declarations: [${report}](../../packages/holdfast/etc/${report}). [All entry points](../api.md).`,
    '',
    ...names.flatMap((name) => sectionOf(name)),
  ].join('\n')
}

/** @param {Item} item */
function sectionOf(item) {
  const { meaning, example } = commentOf(item)
  const members = (item.members ?? []).filter(({ kind }) => kind !== 'Constructor')
  const signature = members.length > 0 ? '' : `\`${signatureOf(item)}\``
  const shown = example === '' ? '' : `\`\`\`\n${example}\n\`\`\``
  return [`## \`${item.name}\``, '', ...paragraphs(signature, meaning, shown), ...tableOf(members)]
}

/** @param {readonly string[]} texts */
function paragraphs(...texts) {
  return texts.filter((text) => text !== '').flatMap((text) => [text, ''])
}

/** @param {readonly Item[]} members */
function tableOf(members) {
  if (members.length === 0) return []
  const rows = members.map((member) => {
    const { meaning, fallback } = commentOf(member)
    return [`\`${member.name.replace(/^\[.*\.(\w+)\]$/, '[$1]')}\``, `\`${signatureOf(member)}\``, fallback, meaning]
  })
  const hasDefaults = rows.some(([, , fallback]) => fallback !== '')
  const columns = hasDefaults ? ['member', 'declared', 'without it', 'meaning'] : ['member', 'declared', 'meaning']
  const lines = rows.map(([name = '', declared = '', fallback = '', meaning = '']) =>
    rowOf(hasDefaults ? [name, declared, fallback, meaning] : [name, declared, meaning]),
  )
  return [rowOf(columns), rowOf(columns.map(() => '---')), ...lines, '']
}

/** @param {readonly string[]} cells */
function rowOf(cells) {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** In one line, without what every declaration has, and without the comments inside. @param {Item} item */
function signatureOf({ excerptTokens = [] }) {
  return excerptTokens
    .map(({ text }) => text)
    .join('')
    .replaceAll(/\/\*\*[\s\S]*?\*\//g, '')
    .replaceAll(/\s+/g, ' ')
    .replace(/^export (?:declare )?/, '')
    .replace(/^(?:readonly|type|const) /, '')
    .replace(/;$/, '')
    .trim()
}

/** @param {Item} item */
function commentOf({ docComment = '' }) {
  const text = docComment
    .replace(/^\/\*\*/, '')
    .replace(/\*\/\s*$/, '')
    .replaceAll(/\n\s*\* ?/g, '\n')
  const [described = '', example = ''] = text.split('@example')
  const [meaning = '', fallback = ''] = described.split('@default').map((part) => part.replaceAll(/\s+/g, ' ').trim())
  return {
    meaning,
    fallback,
    example: example
      .trim()
      .replace(/^```\w*\n/, '')
      .replace(/\n```$/, ''),
  }
}
