/**
 * `node --import ./scripts/from-source.mjs …`: the names `holdfast` and `@holdfast/testbed/…` mean the sources next to
 * this file, so that what runs is what was just edited.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { makeLuaModules } from './lua-modules.mjs'

const library = new URL('../packages/holdfast/', import.meta.url)
const { exports } = JSON.parse(readFileSync(new URL('package.json', library), 'utf8'))

makeLuaModules(fileURLToPath(new URL('src', library)))

/** @param {string} specifier */
function sourceOf(specifier) {
  const own = /^@holdfast\/(testbed|lab)\/(.+)$/.exec(specifier)
  if (own !== null) return new URL(`../packages/${own[1]}/src/${own[2]}.ts`, import.meta.url).href
  if (!/^holdfast(?:\/|$)/.test(specifier)) return undefined
  const entry = specifier === 'holdfast' ? exports['.'] : exports[specifier.replace(/^holdfast\//, './')]
  if (entry?.import === undefined) return undefined
  return new URL(entry.import.default.replace('./dist/', './src/').replace(/\.js$/, '.ts'), library).href
}

registerHooks({
  resolve(specifier, context, nextResolve) {
    return nextResolve(sourceOf(specifier) ?? specifier, context)
  },
})
