/** `holdfast doctor`: what a store promises, how it behaves from here, and what to do about what was found. */
import { randomBytes } from 'node:crypto'
import { type Facts, holdfast, type Locks, type Store, StoreUnavailable } from 'holdfast'
import { within } from './call-limit.ts'
import type { Context, GlobalOptions } from './context.ts'
import { checks, type Patient } from './doctor-checks.ts'
import { figure, type Figures, type Finding, hasProblem, printFacts, printFindings, rounded } from './doctor-report.ts'
import { exitCodes } from './exit-codes.ts'
import { silentStore } from './silent-store.ts'
import { findStore } from './store-choice.ts'

export interface DoctorCommandOptions extends GlobalOptions {
  readonly factsOnly?: boolean
}

/** The whole of it; one that is slower than this has answered the question. */
const EXAMINATION_MS_MAX = 40_000
/** Longer than one try of an opening, whose own words say more than that it took long. */
const OPEN_MS_MAX = 12_000
/** For each lock: it is uncontended. */
const WAIT = '10s'
const CLOSE_MS_MAX = 3_000

export async function doctorCommand(
  context: Context,
  url: string | undefined,
  options: DoctorCommandOptions,
): Promise<number> {
  const { store } = findStore(url === undefined ? options : { store: url }, context.environment)
  context.printer.secrets.learn(store.url)
  const engineFindings = engineFindingsOf(store.url)
  return examined(context, () => store.open(), options, { ...(engineFindings !== undefined && { engineFindings }) })
}

type EngineFindings = (facts?: Facts) => Promise<readonly Finding[]>

/** Loaded with its driver where it is needed. */
function engineFindingsOf(url: string): EngineFindings | undefined {
  if (/^postgres(?:ql)?:/i.test(url)) {
    return async (facts) => (await import('./doctor-postgres.ts')).postgresFindings(url, facts)
  }
  if (/^(?:mysql|mariadb):/i.test(url)) return async () => (await import('./doctor-mysql.ts')).mysqlFindings(url)
  if (/^etcds?:/i.test(url)) return async () => (await import('./doctor-etcd.ts')).etcdFindings(url)
  if (/^zookeepers?:/i.test(url)) {
    return async () => (await import('./doctor-zookeeper.ts')).zookeeperFindings(url)
  }
  if (/^dynamodb:/i.test(url)) {
    return async () => (await import('./doctor-dynamodb.ts')).dynamodbFindings(url)
  }
  if (/^kubernetes:/i.test(url)) {
    return async () => (await import('./doctor-kubernetes.ts')).kubernetesFindings(url)
  }
  if (/^natss?:/i.test(url)) return async () => (await import('./doctor-nats.ts')).natsFindings(url)
  return undefined
}

export interface ExaminationOptions {
  /** @default EXAMINATION_MS_MAX */
  readonly limitMs?: number
  /** What is asked of the engine itself; without facts where the store could not be opened. @default nothing */
  readonly engineFindings?: EngineFindings
}

/** Makes each client from a store of its own. */
export async function examined(
  { printer }: Context,
  makeStore: () => Promise<Store>,
  options: DoctorCommandOptions,
  { limitMs = EXAMINATION_MS_MAX, engineFindings = async () => [] }: ExaminationOptions = {},
): Promise<number> {
  // It touches no lock of a user, and two doctors do not meet.
  const namespace = `holdfast-doctor-${randomBytes(6).toString('hex')}`
  const [one, other, dying] = [await makeStore(), await makeStore(), silentStore(await makeStore())].map((store) =>
    holdfast(store, { namespace, wait: WAIT, openWait: 0 }),
  ) as [Locks, Locks, Locks]
  try {
    const startedMs = performance.now()
    const facts = await within(Math.min(OPEN_MS_MAX, limitMs), 'while it was opened', one.open()).catch(
      async (error: unknown) => {
        const finding = unopened(error)
        const findings = [finding, ...(await engineFindings())]
        if (options.json === true) printer.document({ namespace, facts: null, figures: {}, findings })
        else if (findings.length > 1) printFindings(printer, findings)
        throw withAdvice(error, finding)
      },
    )
    const openMs = performance.now() - startedMs
    if (options.json !== true) printFacts(printer, facts)
    const diagnosis: Diagnosis =
      options.factsOnly === true
        ? { figures: {}, findings: [] }
        : await diagnosed({ facts, one, other, dying }, limitMs)
    const findings = [classOf(facts), openedIn(openMs), ...(await engineFindings(facts)), ...diagnosis.findings]
    const figures = { open: { openMs: rounded(openMs) }, ...diagnosis.figures }
    if (options.json === true) printer.document({ namespace, facts, figures, findings })
    else {
      printer.line('')
      printFindings(printer, findings)
    }
    if (diagnosis.error !== undefined) throw diagnosis.error
    return hasProblem(findings) ? exitCodes.failed : exitCodes.ok
  } finally {
    const closed = Promise.all([one, other, dying].map((each) => each.close()))
    // Whatever hangs now has hung before, and was told.
    await within(CLOSE_MS_MAX, 'while it was closed', closed).catch(() => undefined)
  }
}

interface Diagnosis {
  readonly figures: Readonly<Record<string, Figures>>
  readonly findings: readonly Finding[]
  /** What ended the examination early. */
  readonly error?: unknown
}

/** All checks within the time; what was found out before one of them failed is not lost. */
async function diagnosed(patient: Patient, limitMs: number): Promise<Diagnosis> {
  const figures: Record<string, Figures> = {}
  const findings: Finding[] = []
  const tokens: bigint[] = []
  const endsAtMs = performance.now() + limitMs
  for (const [name, check] of checks) {
    try {
      const leftMs = Math.max(1, endsAtMs - performance.now())
      const checked = await within(leftMs, `in the check "${name}"`, check(patient, tokens))
      figures[name] = checked.figures
      findings.push(...checked.findings)
    } catch (error) {
      const seen = error instanceof Error ? error.message : String(error)
      const advice = 'The other checks were not made. Look at the server and at the network between here and there.'
      return { figures, findings: [...findings, { level: 'problem', check: name, seen, advice }], error }
    }
  }
  return { figures, findings }
}

function classOf({ safetyClass, engine }: Facts): Finding {
  const seen = `${engine} is ${safetyClass} as it is configured`
  const advice = 'Locks here save work; they do not guard data. The reasons are above; put a guard at the resource.'
  return safetyClass === 'best-effort'
    ? { level: 'note', check: 'class', seen, advice }
    : { level: 'ok', check: 'class', seen }
}

/** Why there is nothing more to say about this store. */
function unopened(error: unknown): Finding & { readonly advice: string } {
  const seen = error instanceof Error ? error.message : String(error)
  const isFinal = error instanceof StoreUnavailable && error.isFinal
  const advice = isFinal
    ? 'Asking again does not help: it stays so until that is changed.'
    : 'Asking again may help. Look whether the store runs, and whether this machine reaches it.'
  return { level: 'problem', check: 'open', seen, advice }
}

function withAdvice(error: unknown, { seen, advice }: Finding & { readonly advice: string }): unknown {
  if (!(error instanceof StoreUnavailable)) return error
  return new StoreUnavailable(`${seen.replace(/\.$/, '')}. ${advice}`, { cause: error, isFinal: error.isFinal })
}

function openedIn(openMs: number): Finding {
  return { level: 'ok', check: 'open', seen: `opened in ${figure(openMs)}` }
}
