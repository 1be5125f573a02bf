/** What no load of the machine excuses. A test that fails in here has failed, and is not repeated. */
const MARK = 'isBrokenPromise'

/** For what must hold however late everything is: no second holder, no lost update, no token that goes back. */
export function promised<T>(check: () => T): T {
  try {
    return check()
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, { [MARK]: true }) : error
  }
}

/** Also of an error that came from another process as data. */
export function isBrokenPromise(error: object): boolean {
  return MARK in error && error[MARK] === true
}
