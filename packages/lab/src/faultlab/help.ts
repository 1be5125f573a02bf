/** What `holdfast lab --help` prints. */
import { faultsOf, storesWithFaults } from './faults/catalogue.ts'
import { flaws } from './traffic/flaws.ts'

const WIDTH = 100

/** Each store's own list, over as many lines as it needs. */
const faultLines = storesWithFaults.flatMap((scheme) => {
  const lines: string[] = []
  for (const name of faultsOf(scheme)?.faults.keys() ?? []) {
    const last = lines.at(-1)
    if (last === undefined || last.length + name.length > WIDTH) lines.push(name)
    else lines[lines.length - 1] = `${last}, ${name}`
  }
  return lines.map((line, index) => `    ${(index === 0 ? `${scheme}:` : '').padEnd(16)}${line}`)
})

const broken = Object.entries(flaws).map(([name, { what, on }]) => `    ${name.padEnd(20)} ${what} (${on.join(', ')})`)

export const helpText: string = `Usage: holdfast lab run [options]
       holdfast lab replay [NAME] [--out DIR] [--json]
       holdfast lab soak --hours H [--round 60s] [--store SCHEME:] [--faults LIST] [--seed N] [--out DIR] [--record FILE]
       holdfast lab judge FILE [--ttl 500ms] [--json]
       holdfast lab find-broken [--only NAME] [--store URL] [--for 20s] [--seed N] [--out DIR] [--json]

replay plays a published incident step by step; without a name it lists them. soak makes one run after the other, goes on
where it was interrupted (with the same commit and options), and adds a row for its new rounds to the file given with
--record. judge reads any history.ndjson and judges it again. find-broken runs every deliberately broken lock until the
time is over and tells which promise it was found by, and after how many seconds.

run starts worker processes that take locks and work on a guarded database, hurts them and the store, heals everything, obtains
every lock once more, and judges the recorded history. On a terminal it draws what it is at, grants, faults and the time left.

  --store URL      which store (also HOLDFAST_STORE); sqlite:, redis:, postgres:, mysql:, etcd:, zookeeper:, dynamodb:,
                   nats:, redlock:, redis+cluster: or redis+sentinel:
                   alone is one that the run makes for itself and may hurt; of a store of yours nothing is, only the workers and their connections
  --persistence P  how the run's own servers keep their data: always (default), everysec or none
  --resource KIND  where the guarded data is: sqlite (default), or redis:, postgres: or mysql:, which the run starts and never hurts
  --faults LIST    a+b is both at the same moment; all is everything that can be done here; none
${faultLines.join('\n')}
                   default: what the store is made to stand; docs/fault-lab.md marks it
  --for DURATION   how long faults are made, 1 s to 1 h (default 60s)
  --workers N      2 to 32 processes (default 6)
  --ttl DURATION   the lease, 200 ms to 60 s (default 500ms, on etcd: and zookeeper: 1s)
  --seed N         repeats the choices of a run; real processes do not repeat their timing
  --guard on|off   whether the database checks tokens (default on); off shows what a guard is for
  --broken NAME    a deliberately broken lock instead of Holdfast, which must be found; on these stores:
${broken.join('\n')}
  --lock MODULE    a lock of your own instead of Holdfast; docs/fault-lab.md tells how
  --out DIR        an empty folder for history.ndjson, verdict.json and timeline.html (default holdfast-lab/…)
  --trace FILE     also writes the run as a trace for ui.perfetto.dev and chrome://tracing
  --json           the verdict as one JSON document on standard output

Exit codes:
  0  no violation in N grants under M faults; replay: everything was seen as told
  1  violated
  2  could not judge: too few grants, a fault without effect, a worker that died by itself, wrong usage,
     a store or a lock of yours that cannot be opened
  130, 143, 129  ended by Ctrl-C, SIGTERM or SIGHUP: nothing was judged, and no worker or server is left behind
`
