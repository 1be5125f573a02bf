/** `node --import ./scripts/from-source.mjs …`: the name `holdfast` means the sources next to this file, so that what runs is what was just edited. */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const library = new URL('../packages/holdfast/', import.meta.url)
const { exports } = JSON.parse(readFileSync(new URL('package.json', library), 'utf8'))

registerHooks({
  resolve(specifier, context, nextResolve) {
    const built = specifier === 'holdfast' ? exports['.'] : exports[specifier.replace(/^holdfast\//, './')]
    if (!/^holdfast(?:\/|$)/.test(specifier) || built === undefined) return nextResolve(specifier, context)
    const source = built.replace('./dist/', './src/').replace(/\.js$/, '.ts')
    return nextResolve(new URL(source, library).href, context)
  },
})
