/** A change of the public surface is a decision, so it is a diff of packages/holdfast/etc and never an accident. */
import { beforeAll, describe, expect, test } from 'vitest'
import { acceptedPages, acceptedReports, makeReports } from '../../scripts/api-reports.mjs'

const accepted: ReadonlyMap<string, string> = acceptedReports()
const acceptedPage: ReadonlyMap<string, string> = acceptedPages()

describe('the public surface', () => {
  let made: ReadonlyMap<string, string> = new Map()
  let pages: ReadonlyMap<string, string> = new Map()
  beforeAll(() => {
    const { reports, pages: reference } = makeReports()
    made = reports
    pages = reference
  })

  test('has a report for every entry point and for nothing else', () => {
    expect([...made.keys()].toSorted()).toEqual([...accepted.keys()].toSorted())
  })

  test.each([...accepted.keys()])('is as accepted in %s (npm run api:update accepts a change)', (file) => {
    expect(made.get(file)).toBe(accepted.get(file))
  })

  test('has a page for every report, as it was made last (npm run api:update makes them)', () => {
    expect(Object.fromEntries(acceptedPage)).toEqual(Object.fromEntries(pages))
    expect(pages.size).toBe(made.size)
  })

  test('names no type that a caller cannot import', () => {
    const hidden = [...made.values()].flatMap((report) => report.match(/ae-forgotten-export\) .*/g) ?? [])
    expect(hidden).toEqual([])
  })
})
