#!/usr/bin/env node
/**
 * Looks at the Node version before anything is loaded that an older one cannot load, so that it hears a sentence and
 * not a stack. Plain JavaScript: npm links it before anything is built.
 */
const OLDEST = '22.13'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const [oldestMajor = 0, oldestMinor = 0] = OLDEST.split('.').map(Number)
if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) {
  await import('../dist/bin.js')
} else {
  process.stderr.write(
    `holdfast: needs Node ${OLDEST} or newer, and this is ${process.versions.node}; see https://nodejs.org\n`,
  )
  process.exitCode = 1
}
