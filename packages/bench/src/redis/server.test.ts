import { expect, test } from 'vitest'
import { readingsOf } from './server.ts'

const INFO = `# Memory
used_memory:1048576
used_memory_rss:9999999

# CPU
used_cpu_sys:100.5
used_cpu_user:200.5
used_cpu_sys_main_thread:0.250000
used_cpu_user_main_thread:1.500000

# Commandstats
cmdstat_evalsha:calls=20,usec=400,usec_per_call=20.00,rejected_calls=0,failed_calls=0
cmdstat_script|load:calls=2,usec=40,usec_per_call=20.00,rejected_calls=0,failed_calls=0
cmdstat_info:calls=7,usec=700,usec_per_call=100.00,rejected_calls=0,failed_calls=0
`.replaceAll('\n', '\r\n')

test('the CPU is that of the main thread, and asking is not counted as a command', () => {
  expect(readingsOf(INFO)).toEqual({ serverCpuMs: 1750, executed: 22, usedBytes: 1048576 })
})
