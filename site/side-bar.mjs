/**
 * What the site has, in the order in which people need it. Each page of docs stands here once, with the words under which
 * people search for it and which its text does not have.
 */

import { readdirSync, readFileSync } from 'node:fs'

/**
 * @typedef {{ readonly page: string, readonly label: string, readonly words?: string }} Place
 * @typedef {{ readonly label: string, readonly places: readonly Place[] }} Part
 */

/** @type {readonly Part[]} */
export const parts = [
  {
    label: 'Start',
    places: [
      { page: 'README.md', label: 'What it is', words: 'distributed mutex for node, typescript lock library' },
      { page: 'docs/start.md', label: 'Five minutes', words: 'getting started, quick start, tutorial, first lock' },
      {
        page: 'docs/choose.md',
        label: 'Choose',
        words: 'which lock do I need, when not to use a lock, optimistic locking',
      },
      {
        page: 'docs/express.md',
        label: 'Express and Hono',
        words: 'express middleware lock lock, 409 conflict',
      },
      { page: 'docs/fastify.md', label: 'Fastify', words: 'fastify plugin lock, double booking, 409 conflict' },
      { page: 'docs/nestjs.md', label: 'NestJS', words: 'nestjs redlock decorator, nest cron runs twice, terminus' },
    ],
  },
  {
    label: 'How to',
    places: [
      {
        page: 'docs/using-locks.md',
        label: 'Use locks',
        words: 'mutex, semaphore, read write lock, reentrant, timeout',
      },
      {
        page: 'docs/guards.md',
        label: 'Protect what you write',
        words: 'fencing token postgres, stale write, split brain, prisma, drizzle',
      },
      {
        page: 'docs/cron.md',
        label: 'Run once a night on N machines',
        words: 'cron runs twice, node-cron cluster, scheduled job duplicate',
      },
      {
        page: 'docs/election.md',
        label: 'Have one leader',
        words: 'leader election, singleton worker, active standby',
      },
      {
        page: 'docs/bullmq.md',
        label: 'One job per customer',
        words: 'bullmq concurrency per key, stalled job runs twice',
      },
      {
        page: 'docs/once.md',
        label: 'Charge, send or migrate once',
        words: 'idempotency key, payment twice, webhook duplicate',
      },
      { page: 'docs/rate-limit.md', label: 'Limit a rate', words: 'throttle api calls, sliding window' },
      {
        page: 'docs/single-flight.md',
        label: 'Spare a database the herd',
        words: 'cache stampede, thundering herd, dogpile',
      },
      {
        page: 'docs/slots.md',
        label: 'Give each process a number',
        words: 'worker id, snowflake machine id, pm2 instance, shard',
      },
      {
        page: 'docs/partitions.md',
        label: 'Share partitions, one owner each',
        words: 'consumer group, shard rebalance, partition assignment, worker per shard, sticky, kafka',
      },
      {
        page: 'docs/members.md',
        label: 'Know who is there',
        words: 'membership, service discovery, heartbeat, live nodes, who is alive',
      },
      {
        page: 'docs/hand-over.md',
        label: 'Pass a lock on to another process',
        words: 'ci pipeline lock, deploy lock between jobs, transfer lock, adopt, blue green deploy',
      },
      {
        page: 'docs/inventory.md',
        label: 'Sell the last item once',
        words: 'oversell, double booking, reservation, stock',
      },
      {
        page: 'docs/payments.md',
        label: 'Take payments, end to end',
        words: 'double charge, stripe webhook, idempotency',
      },
      {
        page: 'docs/transaction-lock.md',
        label: 'Lock inside a transaction',
        words: 'advisory lock, pg_advisory_xact_lock, pgbouncer',
      },
      {
        page: 'docs/events.md',
        label: 'See what happens',
        words: 'listeners, event emitter, diagnostics_channel, logs',
      },
      {
        page: 'docs/health.md',
        label: 'Health and readiness',
        words: 'health check, readiness probe, liveness probe, kubernetes',
      },
      {
        page: 'docs/telemetry.md',
        label: 'Trace, measure, alert',
        words: 'opentelemetry tracing, prometheus metrics, grafana dashboard, alert rules, lock contention',
      },
      { page: 'docs/shutdown.md', label: 'Shut down gracefully', words: 'SIGTERM, graceful shutdown, rolling deploy' },
      { page: 'docs/processes.md', label: 'pm2, cluster, workers', words: 'pm2 cluster mode, fork, worker threads' },
      {
        page: 'docs/lambda.md',
        label: 'Lambda and frozen processes',
        words: 'serverless lock, vercel, cloud run, suspended laptop',
      },
      { page: 'docs/testing.md', label: 'Test your own code', words: 'fake timers, mock redlock, unit test' },
      {
        page: 'docs/modules.md',
        label: 'Use CommonJS, Jest and bundlers',
        words: 'redlock esm require, ERR_REQUIRE_ESM, lambda, esbuild, webpack',
      },
    ],
  },
  {
    label: 'Operate',
    places: [
      {
        page: 'docs/production.md',
        label: 'Before production',
        words: 'production checklist, go live',
      },
      { page: 'docs/sizing.md', label: 'Sizing and cost', words: 'capacity, how many connections, price, load' },
      { page: 'docs/backups.md', label: 'Backups', words: 'backup and restore, disaster recovery, data loss' },
      {
        page: 'docs/change-engine.md',
        label: 'Change the engine',
        words: 'migrate redis to postgres, token floor, switch store',
      },
      {
        page: 'docs/stuck-lock.md',
        label: 'When a lock hangs',
        words: 'lock is stuck, deadlock, who holds the lock, force unlock, release a lock by hand',
      },
      { page: 'docs/run.md', label: 'cron, systemd, Docker, Kubernetes', words: 'crontab flock two servers, CronJob' },
      { page: 'docs/cli.md', label: 'The command line', words: 'holdfast command, options, exit codes' },
      { page: 'docs/server.md', label: 'Locks over HTTP', words: 'python lock, curl, sidecar' },
      { page: 'docs/errors.md', label: 'Errors', words: 'LEASE_LOST, WAIT_TIMEOUT, STALE_TOKEN' },
      { page: 'docs/bad-input.md', label: 'Bad input' },
      {
        page: 'docs/support.md',
        label: 'What is supported',
        words: 'node versions, compatibility, deno, bun, windows',
      },
      { page: 'SECURITY.md', label: 'Security', words: 'report a vulnerability, threat model' },
    ],
  },
  {
    label: 'Engines',
    places: [
      { page: 'docs/sqlite.md', label: 'A file (SQLite)', words: 'one server, lock file, pm2, cluster' },
      { page: 'docs/redis.md', label: 'Redis and Valkey', words: 'SET NX PX, sentinel, redis cluster, failover' },
      { page: 'docs/redlock.md', label: 'Redlock', words: 'several redis servers, quorum' },
      { page: 'docs/postgres.md', label: 'PostgreSQL', words: 'postgres lock table, SKIP LOCKED' },
      { page: 'docs/mysql.md', label: 'MySQL and MariaDB', words: 'GET_LOCK' },
      { page: 'docs/etcd.md', label: 'etcd', words: 'consensus, raft' },
      { page: 'docs/zookeeper.md', label: 'ZooKeeper', words: 'ephemeral sequential znode, curator' },
      { page: 'docs/nats.md', label: 'NATS', words: 'jetstream kv lock' },
      { page: 'docs/http.md', label: 'Over HTTP', words: 'lock server, remote sqlite, firewall' },
      { page: 'docs/dynamodb.md', label: 'DynamoDB', words: 'aws lambda lock, serverless, conditional write' },
      { page: 'docs/write-your-own-store.md', label: 'Write your own' },
    ],
  },
  {
    label: 'Explain',
    places: [
      {
        page: 'docs/fencing.md',
        label: 'Fencing in pictures',
        words: 'what is a fencing token, martin kleppmann, gc pause, split brain',
      },
      {
        page: 'docs/promises.md',
        label: 'What each engine promises',
        words: 'is it safe, safety class, guarantees, consistency, durable',
      },
      {
        page: 'docs/leases.md',
        label: 'Lease, ttl and the other times',
        words: 'what is a lease, lock expires, renewal, heartbeat, stopBefore, lockDelay, minHold',
      },
      { page: 'ARCHITECTURE.md', label: 'Architecture' },
      { page: 'docs/protocols/time.md', label: 'Time and leases', words: 'lease ttl, gc pause, clock skew' },
      { page: 'docs/protocols/tokens.md', label: 'Tokens', words: 'monotonic fencing token' },
      {
        page: 'docs/redlock-model.md',
        label: 'The token rule of Redlock',
        words: 'martin kleppmann, antirez, is redlock safe',
      },
      { page: 'docs/figures.md', label: 'Figures', words: 'benchmark, latency' },
      { page: 'docs/fault-lab.md', label: 'The fault lab', words: 'jepsen, chaos test' },
      { page: 'docs/engines-on-demand.md', label: 'Engines on demand', words: 'testcontainers without docker' },
      { page: 'docs/track-record.md', label: 'Track record' },
      {
        page: 'docs/compare.md',
        label: 'Compared with others',
        words: 'redlock alternative, best lock library, redlock vs verrou, shedlock for node',
      },
      { page: 'docs/known-defects.md', label: 'Known defects of others', words: 'redlock bug, redis-semaphore' },
    ],
  },
  {
    label: 'Move',
    places: [
      { page: 'docs/from-redlock.md', label: 'From redlock 5', words: 'redlock types nodenext, ResourceLockedError' },
      { page: 'docs/from-redlock-4.md', label: 'From redlock 4' },
      {
        page: 'docs/from-others.md',
        label: 'From other libraries',
        words: 'migrate from verrou, sesamecare, redis-semaphore, redlock-universal',
      },
    ],
  },
]

/** Whole folders, which are listed by their files. */
export const folders = [
  { folder: 'docs/api', label: 'Reference', first: 'docs/api.md' },
  { folder: 'docs/protocols', label: 'Protocols', first: undefined },
  { folder: 'docs/decisions', label: 'Decisions', first: undefined },
]

const root = new URL('..', import.meta.url)

/** Pages that have no place in the order yet: they are on the site, at its end. */
export function unplaced() {
  const placed = new Set([
    ...parts.flatMap(({ places }) => places.map(({ page }) => page)),
    ...folders.map(({ first }) => first),
  ])
  return readdirSync(new URL('docs', root))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`)
    .filter((page) => !placed.has(page))
    .map((page) => ({ page, label: /^# (.+)$/m.exec(readFileSync(new URL(page, root), 'utf8'))?.[1] ?? page }))
}

/** The rest of what a reader of the repository meets. */
const others = [
  { page: 'CHANGELOG.md', label: 'Changes' },
  { page: 'CONTRIBUTING.md', label: 'Contributing' },
  { page: 'CODE_OF_CONDUCT.md', label: 'Code of conduct' },
]

/** All that the side bar has at its end. */
export const rest = () => [...unplaced(), ...others]

/**
 * The place of a page on the site: `docs/api/redis.md` is `/api/redis/`.
 * @param {string} page
 */
export function slugOf(page) {
  if (page === 'README.md') return 'index'
  return page
    .replace(/^docs\//, '')
    .replace(/\.md$/, '')
    .toLowerCase()
}

/** As Starlight takes it. */
export function sideBar() {
  /** @param {Place} place */
  const entry = ({ page, label }) => ({ label, slug: page === 'README.md' ? '' : slugOf(page) })
  return [
    ...parts.map(({ label, places }) => ({ label, items: places.map((place) => entry(place)) })),
    ...folders.map(({ folder, label, first }) => ({
      label,
      collapsed: true,
      items: [
        ...(first === undefined ? [] : [{ label: 'All names', slug: slugOf(first) }]),
        { autogenerate: { directory: folder.replace(/^docs\//, '') } },
      ],
    })),
    { label: 'More', collapsed: true, items: rest().map((place) => entry(place)) },
  ]
}
