/**
 * The way a mail takes: to the smart host of its trust space, or to the mail exchangers of its domain, by preference.
 * Sessions are kept for the next mail of the same lane, for a short while; the other side is judged once for a session
 * and its listing anew for every mail. What one exchanger cannot do now, the next is asked; what was answered of the
 * mail itself is the outcome. All of it together has one deadline, whatever the other sides do.
 */
import { readFile } from 'node:fs/promises';
import { connect, isIP, type Socket } from 'node:net';
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import type { JudgePeer, NamePart, TrustList, WayOutPolicy } from '../ports.ts';
import { connectExchanger, type Exchanger } from './mail-exchanger.ts';
import { checkListing, checkPeer } from './peer-check.ts';
import {
  type Later,
  later,
  openSmtpSession,
  type Sending,
  type SendOutcome,
  type SessionLimits,
  type SmtpSession,
} from './smtp-session.ts';

/** A way out as it is configured now. */
export interface Way {
  readonly policy: WayOutPolicy;
  readonly list: TrustList | null;
}

export interface Route {
  /** The lane of a domain: where its mails take turns. */
  laneOf(space: string, way: Way, domain: string): string;
  send(mail: Sending, to: Way & { readonly lane: string; readonly domain: string }): Promise<SendOutcome>;
  /** Breaks off what runs. */
  abort(): void;
  /** Ends what is kept. */
  close(): void;
}

interface Kept {
  readonly session: SmtpSession;
  readonly subject: readonly NamePart[];
  readonly policy: WayOutPolicy;
  readonly openedAt: number;
  mails: number;
  timer?: NodeJS.Timeout;
}

/** `until`: the end of the attempt, by the clock of this computer. */
type Ways = Way & { readonly lane: string; readonly domain: string; readonly until: number };

/** What work comes to, or null when the time is over before; what comes too late is undone. */
function inTime<T>(work: Promise<T>, until: number, undo: (result: T) => void): Promise<T | null> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const patience = setTimeout(
      () => {
        isOver = true;
        resolve(null);
      },
      Math.max(until - Date.now(), 0),
    );
    work.finally(() => clearTimeout(patience)).then((result) => (isOver ? undo(result) : resolve(result)), reject);
  });
}

const isLater = (one: object): one is Later => 'outcome' in one && one.outcome === 'later';

function connectHost(host: string, port: number): Promise<Socket | Later> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (result: Socket | Later): void => {
      clearTimeout(patience);
      socket.removeListener('error', fail);
      resolve(result);
    };
    const fail = (): void => {
      socket.destroy();
      end(later('next-hop-unreachable'));
    };
    const patience = setTimeout(fail, DISPATCH_LIMITS.connectionTimeoutMs);
    // Errors of a moment in which nobody else listens yet.
    socket.on('error', () => {});
    socket.once('error', fail);
    socket.once('connect', () => end(socket));
  });
}

async function ownCertificateOf({ ownCertificate }: WayOutPolicy) {
  if (ownCertificate === null) return null;
  const [certificate, key] = await Promise.all([
    readFile(ownCertificate.certificate, 'utf8'),
    readFile(ownCertificate.key, 'utf8'),
  ]);
  return { certificate, key };
}

/** The routes of this gateway. */
export function createRoute(options: {
  readonly ownName: string;
  readonly judgePeer: JudgePeer;
  readonly limits?: SessionLimits;
}): Route {
  const { ownName, judgePeer, limits = DISPATCH_LIMITS } = options;
  const kept = new Map<string, Kept[]>();
  const sockets = new Set<Socket>();

  const forget = (lane: string, one: Kept): void => {
    clearTimeout(one.timer);
    const others = (kept.get(lane) ?? []).filter((other) => other !== one);
    if (others.length === 0) kept.delete(lane);
    else kept.set(lane, others);
  };

  const keep = (lane: string, one: Kept): void => {
    const isWorn = one.mails >= DISPATCH_LIMITS.keptMails || Date.now() - one.openedAt > DISPATCH_LIMITS.keptMaxMs;
    if (isWorn || !one.session.isOpen()) {
      one.session.close();
      return;
    }
    one.timer = setTimeout(() => {
      forget(lane, one);
      one.session.close();
    }, DISPATCH_LIMITS.keptIdleMs);
    kept.set(lane, [...(kept.get(lane) ?? []), one]);
  };

  /** A kept session of this lane under the policy of now. */
  const take = ({ lane, policy }: Ways): Kept | null => {
    for (const one of kept.get(lane) ?? []) {
      forget(lane, one);
      if (one.session.isOpen() && one.policy === policy) return one;
      one.session.close();
    }
    return null;
  };

  const openNow = async (socket: Socket, host: string, { policy }: Ways): Promise<Kept | Later> => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const name = policy.serverName ?? host;
    const ownCertificate = await ownCertificateOf(policy).catch(() => later('way-out-missing'));
    if (ownCertificate !== null && isLater(ownCertificate)) {
      socket.destroy();
      return ownCertificate;
    }
    const serverName = isIP(name) === 0 ? name : '';
    const session = await openSmtpSession({ socket, serverName, ownName, ownCertificate, limits });
    if (isLater(session)) return session;
    const checked = await checkPeer(session.tls, { policy, host, judgePeer }).catch(() => later('peer-untrusted'));
    if (!isLater(checked)) return { session, policy, subject: checked.subject, openedAt: Date.now(), mails: 0 };
    session.close();
    return checked;
  };

  const open = async (socket: Socket, host: string, ways: Ways): Promise<Kept | Later> => {
    const undo = (one: Kept | Later): void => (isLater(one) ? undefined : one.session.close());
    const opened = await inTime(openNow(socket, host, ways), ways.until, undo);
    if (opened === null) socket.destroy();
    return opened ?? later('next-hop-unreachable');
  };

  /** One mail over one session, which is kept when it went well; null: it was gone already. */
  const deliver = async (one: Kept, mail: Sending, ways: Ways): Promise<SendOutcome | null> => {
    const refused = checkListing(ways.policy, ways.list, ways.domain, one.subject);
    if (refused !== null) {
      keep(ways.lane, one);
      return refused;
    }
    const outcome = await one.session.send(mail, Math.max(ways.until - Date.now(), 0));
    one.mails += 1;
    if (outcome?.outcome === 'sent') keep(ways.lane, one);
    else one.session.close();
    return outcome;
  };

  const overFresh = async (socket: Socket, host: string, mail: Sending, ways: Ways): Promise<SendOutcome> => {
    const opened = await open(socket, host, ways);
    if (isLater(opened)) return opened;
    return (await deliver(opened, mail, ways)) ?? later('next-hop-unreachable');
  };

  const byExchangers = async (mail: Sending, ways: Ways): Promise<SendOutcome> => {
    const { route } = ways.policy;
    if (route.kind !== 'mail-exchanger') throw new Error('a smart host has no exchangers');
    const tried: string[] = [];
    let last: SendOutcome | null = null;
    while (tried.length < DISPATCH_LIMITS.exchangersTriedMax) {
      const undo = (one: Exchanger): void => ('failure' in one ? undefined : void one.connection.socket.destroy());
      const found = await inTime(connectExchanger(ways.domain, route, tried), ways.until, undo);
      if (found === null) break;
      if ('failure' in found) {
        if (last !== null) return last;
        if (found.failure === 'domain-takes-no-mail')
          return { outcome: 'refused', failure: found.failure, smtpCode: null };
        return later(found.failure);
      }
      const { socket, hostname, host } = found.connection;
      last = await overFresh(socket, hostname, mail, ways);
      // Not the mail but this exchanger was the trouble; after the final dot no other may be asked.
      const isOfExchanger = last.outcome === 'later' && last.isOfDomain && last.failure !== 'outcome-unknown';
      if (!isOfExchanger) return last;
      tried.push(host);
    }
    return last ?? later('next-hop-unreachable');
  };

  return {
    laneOf(space, { policy: { route } }, domain) {
      return route.kind === 'smart-host' ? `${space} ${route.host}:${route.port}` : `${space} ${domain}`;
    },
    async send(mail, to) {
      const ways = { ...to, until: Date.now() + limits.attemptMaxMs };
      const before = take(ways);
      const outcome = before === null ? null : await deliver(before, mail, ways);
      if (outcome !== null) return outcome;
      const { route } = ways.policy;
      if (route.kind === 'mail-exchanger') return byExchangers(mail, ways);
      const socket = await connectHost(route.host, route.port);
      return isLater(socket) ? socket : overFresh(socket, route.host, mail, ways);
    },
    abort() {
      for (const socket of sockets) socket.destroy();
    },
    close() {
      for (const [lane, ones] of kept)
        for (const one of ones) {
          forget(lane, one);
          one.session.close();
        }
    },
  };
}
