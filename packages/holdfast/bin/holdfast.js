#!/usr/bin/env node
/**
 * The `holdfast` program lives in a package of its own, because it brings dependencies and this library has none.
 * Here it is found, or a sentence says how to get it. Plain JavaScript: npm links it before anything is built.
 */
const program = '@holdfast/cli/bin'

if (isInstalled()) {
  await import(program)
} else {
  process.stderr.write('holdfast: the command is a package of its own; install it with: npm install @holdfast/cli\n')
  process.exitCode = 127
}

function isInstalled() {
  try {
    import.meta.resolve(program)
    return true
  } catch {
    return false
  }
}
