import { expect, test } from 'vitest'
import { type TimelineSection, timelineHtml } from './page.ts'
import { history, ns } from './timeline.fixture.ts'

function pageWith(change: Partial<TimelineSection> = {}): string {
  const section: TimelineSection = {
    title: 'A section',
    text: 'what was done',
    verdict: 'what came out',
    tone: 'good',
    events: history(),
    findings: [],
    moments: [{ t: ns(210), text: 'it was refused', tone: 'good' }],
    ...change,
  }
  return timelineHtml({ title: 'A page', text: 'about it', footer: 'the end', sections: [section] })
}

const drawn = (html: string, className: string): number => {
  const chart = html.slice(html.indexOf('<div class="chart">'))
  return chart.split(`<g class="${className}`).length - 1
}

test('the page shows a lane for each process, holds in the colours of their tokens, the pause and the refusal', () => {
  const html = pageWith()
  expect(drawn(html, 'lane')).toBe(3)
  expect(drawn(html, 'hold t0')).toBe(1)
  expect(drawn(html, 'hold t1')).toBe(1)
  expect(drawn(html, 'overtime t0')).toBe(1)
  expect(drawn(html, 'pause')).toBe(1)
  expect(drawn(html, 'mark refused')).toBe(1)
  expect(drawn(html, 'mark violation')).toBe(0)
  expect(html).toContain('<time>0.210 s</time><span>it was refused</span>')
})

test('a finding is drawn as a violation', () => {
  expect(drawn(pageWith({ findings: [{ t: ns(180), lane: 'db', text: 'sold again' }] }), 'mark violation')).toBe(1)
})

test('no text of a history can become markup', () => {
  const evil = `</script><script>alert('"x"')</script>&\u0007\uD800`
  const events = history().map((event) => ({ ...event, p: event.p + evil, c: evil, k: evil, f: event.f }))
  const moments = [{ t: ns(0), text: evil, tone: 'bad' as const }]
  const html = pageWith({ title: evil, text: evil, verdict: evil, events, moments })
  expect(html.split('<script>')).toHaveLength(2)
  expect(html.split('</script>')).toHaveLength(2)
  expect(html).not.toContain(`alert('`)
  expect(html).toContain('&lt;script&gt;alert(&#39;&quot;x&quot;&#39;)&lt;/script&gt;&amp;\uFFFD\uFFFD')
})

test('the page loads nothing and forbids loading', () => {
  const html = pageWith()
  expect(html).toContain(`content="default-src 'none';`)
  expect(html).not.toMatch(/https?:|<link|<img|<iframe|@import|\ssrc=|url\((?!#)/)
})

test('an empty section is drawn too', () => {
  expect(drawn(pageWith({ events: [], moments: [] }), 'lane')).toBe(0)
})
