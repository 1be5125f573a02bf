/** A method in the place of another one: routes, crons and pipes are found by metadata of the function, its name and its length. */

export function likeOriginal(replacement: object, original: object): object {
  for (const key of Reflect.getMetadataKeys(original)) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, original), replacement)
  }
  for (const property of ['name', 'length']) {
    Object.defineProperty(replacement, property, { value: Reflect.get(original, property), configurable: true })
  }
  return replacement
}
