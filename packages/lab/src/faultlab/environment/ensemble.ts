/** Servers that agree with each other and elect a leader: what a run needs of them, whatever they are. */
import type { Group, Member } from '@holdfast/testbed/engines/driver'
import type { Engine } from '@holdfast/testbed/engines/engine'
import type { ProxyMode } from '@holdfast/testbed/proxy/mode'
import type { Ensemble, ServerKind } from './server-environment.ts'

/** As the testbed starts them. */
export interface Electing extends Group {
  leader(): Promise<Member>
  isolate(member: Member, mode: ProxyMode): () => number
}

export function ensembleOf(group: Electing): Ensemble {
  const { members } = group
  const memberOf = (engine: Engine): Member => {
    const member = members.find((each) => each.engine === engine)
    if (member === undefined) throw new Error('the engine is no member of the ensemble')
    return member
  }
  return {
    engines: members.map(({ engine }) => engine),
    leads: (engine) =>
      group.leader().then(
        (leader) => leader.engine === engine,
        () => false,
      ),
    isolate: (engine, mode) => group.isolate(memberOf(engine), mode),
    close: () => group.close(),
  }
}

const PARTS = /^(\w+:\/\/)([^/?#]*@)?([^/?#]+)(.*)$/

/** A URL that names all members. User, path and settings are those of all of them. */
export function memberUrls(scheme: string): Pick<ServerKind, 'split' | 'join'> {
  return {
    split(storeUrl) {
      const [, start = '', user = '', hosts = '', rest = ''] = PARTS.exec(storeUrl) ?? []
      return hosts.split(',').map((host) => `${start}${user}${host}${rest}`)
    },
    join(urls) {
      const [, start = '', user = '', , rest = ''] = PARTS.exec(urls[0] ?? '') ?? []
      const hosts = urls.map((url) => new URL(url).host)
      return `${start.replace('http:', `${scheme}:`)}${user}${hosts.join(',')}${rest.replace(/^\/$/, '')}`
    },
  }
}
