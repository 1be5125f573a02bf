/** Damages to the store of Kubernetes: what is compared, what is told, what people see, and what a refusal means. */
import type { Check, Mutant } from './mutant.ts'

const store = 'packages/holdfast/src/stores/kubernetes'
const driver = 'packages/holdfast/src/stores/kubernetes-driver'
const programs: Check = { tests: [`${driver}/login-program.test.ts`] }
const onStandIn = (file: string, named: string): Check => ({ tests: [`${store}/${file}.test.ts`], named })

export const kubernetesMutants: readonly Mutant[] = [
  {
    name: 'kubernetes: a token of a program is used after its end',
    file: `${driver}/program-tokens.ts`,
    find: 'if (leftMs <= 0) return (await this.#next()).token',
    replace: '',
    caughtBy: programs,
  },
  {
    name: 'kubernetes: each request that needs a token starts a program',
    file: `${driver}/program-tokens.ts`,
    find: 'this.#running ??= this.#run()',
    replace: 'this.#running = this.#run()',
    caughtBy: programs,
  },
  {
    name: 'kubernetes: a change names no version, so the last writer wins',
    file: `${driver}/lease-object.ts`,
    find: '...(seen !== undefined && { resourceVersion: seen.resourceVersion }),',
    replace: '',
    caughtBy: onStandIn('trouble', 'a heartbeat that comes after'),
  },
  {
    name: 'kubernetes: the watch tells its process nothing',
    file: `${store}/engine.ts`,
    find: 'const notice = channel === this.channel ? noticeIn(text) : undefined',
    replace: "const notice = channel === '' ? noticeIn(text) : undefined",
    caughtBy: onStandIn('store', 'hears of its grant from the watch'),
  },
  {
    name: 'kubernetes: a watch that begins too late is begun behind the same version again',
    file: `${driver}/lease-watch.ts`,
    find: "if (type === 'ERROR' && object.code === GONE) this.#isGone = true",
    replace: "if (type === 'NONE' && object.code === GONE) this.#isGone = true",
    caughtBy: onStandIn('trouble', 'a watch that begins too late'),
  },
  {
    name: 'kubernetes: a waiter renews the lease that people see',
    file: `${driver}/lease-object.ts`,
    find: 'isSame && holder.beat === seen.beat ? seen.renewTime : now',
    replace: "isSame && holder.beat === '' ? seen.renewTime : now",
    caughtBy: onStandIn('store', 'shows who holds'),
  },
  {
    name: 'kubernetes: a Lease of another program is taken for an empty line',
    file: `${store}/line-leases.ts`,
    find: 'if (text !== undefined) return {',
    replace: "if (text !== '') return {",
    caughtBy: onStandIn('store', 'of another program is refused'),
  },
  {
    name: 'kubernetes: names that differ in capitals are one Lease',
    file: `${driver}/lease-name.ts`,
    find: '.update(resource)',
    replace: '.update(resource.toLowerCase())',
    caughtBy: onStandIn('store', 'has a name of its own'),
  },
  {
    name: 'kubernetes: who may not watch is never told, and does not look',
    file: `${store}/engine.ts`,
    find: '    if (this.#isDeaf) {',
    replace: '    if (!this.#isDeaf) {',
    caughtBy: onStandIn('access', 'those of the Role suffice'),
  },
  {
    name: 'kubernetes: a token that was refused is used again',
    file: `${driver}/login.ts`,
    find: '  forget(): void {\n    this.#read = undefined',
    replace: '  forget(): void {\n    this.#read = this.#read ?? undefined',
    caughtBy: { tests: [`${driver}/login.test.ts`], named: 'at once when it was refused' },
  },
  {
    name: 'kubernetes: what YAML says of a mistake repeats the text',
    file: `${driver}/yaml.ts`,
    find: 'throw new SyntaxError(`line ${line.number} is no entry of a mapping`)',
    replace: 'throw new SyntaxError(`line ${line.number} is no entry of a mapping: ${line.text}`)',
    caughtBy: { tests: [`${driver}/yaml.test.ts`], named: 'nothing of it is repeated' },
  },
]
