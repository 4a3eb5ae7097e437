/**
 * An operator of the trust space: its client certificate is good, and the trust list gives its name the sender's domain
 * and the domain of the header From (MSSanté facts 1.4, cases 1, 2, 4 and 5). A null sender is anybody's, so there the
 * name must belong to some listed domain, and the header From still to this one. Fails closed, with 454 where it is the
 * list that fails.
 */
import type { FailureCode } from '@estafette/contracts/failure';
import type { ListAnswer, TrustList } from '../ports.ts';
import type { Admission, ClientChain } from './admission.ts';
import { clientStanding, printName } from './client-standing.ts';
import type { DoorJudge } from './door-judge.ts';
import { domainOf } from './mail-command.ts';

const AT_MAIL: Readonly<Record<ListAnswer, FailureCode | null>> = {
  listed: null,
  'domain-not-listed': 'sender-domain-not-listed',
  'name-not-listed': 'sender-name-not-listed',
  'list-unavailable': 'trust-list-unavailable',
};

const AT_FROM: Readonly<Record<ListAnswer, FailureCode | null>> = {
  listed: null,
  'domain-not-listed': 'from-not-listed',
  'name-not-listed': 'from-not-listed',
  'list-unavailable': 'trust-list-unavailable',
};

export function admitOperator(
  judge: Pick<DoorJudge, 'judgeClient'> & { readonly trustList: TrustList },
  chain: ClientChain,
): Admission {
  const { trustList } = judge;
  const standing = clientStanding(judge, chain);
  let client: Exclude<Awaited<ReturnType<typeof standing.ask>>, string> | null = null;
  const nameOf = (): string | null => (client === null ? null : printName(client.subject));
  return {
    async sender(address) {
      const found = await standing.ask();
      client = typeof found === 'string' ? null : found;
      if (typeof found === 'string') return found;
      if (address === '') return AT_MAIL[trustList.listsName(found.subject)];
      const domain = domainOf(address);
      return domain === null ? 'sender-domain-not-listed' : AT_MAIL[trustList.check(domain, found.subject)];
    },
    recipient: () => null,
    who: nameOf,
    asksFrom: true,
    handover(from) {
      const name = nameOf();
      if (client === null || name === null) return { refusal: 'client-certificate-missing' };
      const domain = from === null ? null : domainOf(from);
      if (domain === null) return { refusal: 'from-unreadable' };
      const refusal = AT_FROM[trustList.check(domain, client.subject)];
      // Of the two domains it is this one that readers and conversations go by.
      return refusal === null ? { carrier: { kind: 'operator', domain, name } } : { refusal };
    },
    login: async () => 'command-refused',
  };
}
