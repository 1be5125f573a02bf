/** Whether a database is a lock file, and one that this version can read. */
import type { DatabaseSync } from './client.ts'
import { unavailable } from './errors.ts'
import { IDENTIFY } from './rare-statements.ts'
import { APPLICATION_ID, SCHEMA_VERSION } from './schema.ts'

/** `empty`: nobody's yet. The formats before ours have no table of waiters. */
export type Format = 'ours' | 'format 2' | 'format 1' | 'empty'

/** Throws for what belongs to another program, or to a version of this one that is newer. */
export function formatOf(database: DatabaseSync, path: string): Format {
  const { application, version, objects } = database.prepare(IDENTIFY).get() ?? {}
  if (application === APPLICATION_ID) {
    if (version === SCHEMA_VERSION) return 'ours'
    if (version === 2 || version === 1) return `format ${version}`
    throw unavailable(
      path,
      `has format ${String(version)}, this version of Holdfast knows format ${SCHEMA_VERSION}: ` +
        'upgrade it to the version that the other users of the file have, or choose another path',
    )
  }
  if (application === 0 && version === 0 && objects === 0) return 'empty'
  throw unavailable(path, 'is the database of another program, and was left as it is: choose a path of its own')
}
