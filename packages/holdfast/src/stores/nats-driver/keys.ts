/**
 * The name of a line as a key of NATS, where a dot parts a subject, and a colon, a percent sign and an exclamation mark are not
 * allowed. `shop!a%20b.c` is `shop/a=20b=2Ec`: what an encoded name never has stands for what a key may not have.
 */
const TO_KEY: Readonly<Record<string, string>> = { '!': '/', '.': '=2E', ':': '=3A', '%': '=' }
const FROM_KEY: Readonly<Record<string, string>> = { '/': '!', '=2E': '.', '=3A': ':', '=': '%' }

export function keyOf(resource: string): string {
  return resource.replaceAll(/[!.:%]/g, (sign) => TO_KEY[sign] ?? sign)
}

export function resourceIn(key: string): string {
  return key.replaceAll(/=2E|=3A|[/=]/g, (sign) => FROM_KEY[sign] ?? sign)
}
