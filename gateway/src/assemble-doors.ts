/**
 * Puts the doors together: one listener for each trust space that has one, over the one spool, and what each asks of
 * the world about who stands before it. Everything a reload may change is asked for at the moment it is needed.
 */
import { readFileSync } from 'node:fs';
import { type Accounts, openAccounts } from './accounts.ts';
import type { Ground } from './assemble-ground.ts';
import { outerFromOf } from './envelope/outer-from.ts';
import type { DoorJudge } from './intake/door-judge.ts';
import { openIntake } from './intake/smtp-intake.ts';
import { serverCertificate } from './keys/certificate-alarms.ts';
import type { DoorPolicy, Spaces, TrustList } from './ports.ts';
import { createDoors, type Doors } from './trust-spaces/doors.ts';

/** The list of a space as it is whenever it is asked; a space without one (any more) lists nobody for now. */
function listNow(spaces: Spaces, space: string): TrustList {
  return {
    check: (domain, subject) => spaces.listOf(space)?.check(domain, subject) ?? 'list-unavailable',
    lists: (domain) => spaces.listOf(space)?.lists(domain) ?? 'list-unavailable',
    listsName: (subject) => spaces.listOf(space)?.listsName(subject) ?? 'list-unavailable',
  };
}

/** What the door of a space asks. */
function judgeOf({ spaces, peers }: Pick<Ground, 'spaces' | 'peers'>, accounts: Accounts, space: string): DoorJudge {
  return {
    async judgeClient(chain) {
      const clients = spaces.named(space)?.door?.clients ?? null;
      // No authorities are named: no certificate proves anything here.
      if (clients === null) return { standing: 'untrusted', wants: [] };
      return peers.judge({ chain, use: 'client', trust: clients });
    },
    trustList: listNow(spaces, space),
    accountOfCertificate: (fingerprint) => accounts.ofCertificate(fingerprint),
    accountOf: (id) => accounts.ofId(id),
    accountOfPassword: (name, password) => accounts.ofPassword(name, password),
  };
}

const readTls = ({ certificate, key }: DoorPolicy) => ({
  certificate: readFileSync(certificate, 'utf8'),
  key: readFileSync(key, 'utf8'),
});

/** The certificates that doors and ways out show, for the alarms; each once. */
export function ownTlsCertificates(spaces: Spaces): ReturnType<typeof serverCertificate>[] {
  const all = spaces.all();
  const files = all.flatMap(({ door, wayOut }) => [door?.certificate, wayOut?.ownCertificate?.certificate]);
  const found = [...new Set(files)].flatMap((file) =>
    file === undefined ? [] : [serverCertificate('smtp', readFileSync(file))],
  );
  return [...new Map(found.map((one) => [one.fingerprint, one])).values()];
}

/** The doors of the spaces, none open yet; `backlog` says how many letters wait. */
export function assembleDoors(ground: Ground, backlog: () => number): Doors {
  const { config, store, spool, log, clock, enqueue } = ground;
  const accounts = openAccounts(store);
  const open = (space: string, door: DoorPolicy, tls: ReturnType<typeof readTls>) =>
    openIntake({
      host: door.host,
      port: door.port,
      serverName: config.ESTAFETTE_MAIL_DOMAIN,
      tls,
      policy: door,
      space,
      judge: door.admits === 'anyone' ? null : judgeOf(ground, accounts, space),
      readFrom: outerFromOf,
      store,
      spool,
      log,
      clock,
      onSpooled: enqueue,
      backlog,
    });
  return createDoors({ open, readTls });
}
