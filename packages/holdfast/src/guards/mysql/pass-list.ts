/** What has passed in the transaction of a connection, as `run` tells the triggers of it: names in hexadecimal digits, with commas between. */
import { namesOf } from '../../store/names.ts'
import { hexOf } from '../sql/names.ts'

export const PASSED = '@holdfast_passed'

/** The beginning of a name is the beginning of its digits, so a trigger can complete them by those of a column. */
export function passDigits(namespace: string, name: string): string {
  return `${hexOf(namespace)}!${hexOf(name)}`.toUpperCase()
}

export function passText(resource: string): string {
  const { namespace, name } = namesOf(resource)
  return `'${passDigits(namespace, name)}'`
}
