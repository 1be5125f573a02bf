/**
 * `node --import ./scripts/from-source.mjs …`: the names `holdfast` and `@holdfast/testbed/…` mean the sources next to
 * this file, so that what runs is what was just edited.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const library = new URL('../packages/holdfast/', import.meta.url)
const { exports } = JSON.parse(readFileSync(new URL('package.json', library), 'utf8'))

/** @param {string} specifier */
function sourceOf(specifier) {
  const own = /^@holdfast\/(testbed|lab)\/(.+)$/.exec(specifier)
  if (own !== null) return new URL(`../packages/${own[1]}/src/${own[2]}.ts`, import.meta.url).href
  if (!/^holdfast(?:\/|$)/.test(specifier)) return undefined
  const built = specifier === 'holdfast' ? exports['.'] : exports[specifier.replace(/^holdfast\//, './')]
  if (built === undefined) return undefined
  return new URL(built.replace('./dist/', './src/').replace(/\.js$/, '.ts'), library).href
}

registerHooks({
  resolve(specifier, context, nextResolve) {
    return nextResolve(sourceOf(specifier) ?? specifier, context)
  },
})
