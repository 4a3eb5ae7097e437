/**
 * Software of one's own: an account, by the client certificate it showed or by name and password (RFC 4954), and then
 * only as the addresses and to the mailboxes it has rights for (RFC 6409 §6.1). A certificate that proves nothing is
 * as none: the client may still log in.
 */
import type { Admission, ClientChain } from './admission.ts';
import { clientStanding } from './client-standing.ts';
import type { Account, DoorJudge } from './door-judge.ts';

export function admitAccount(judge: DoorJudge, chain: ClientChain): Admission {
  const standing = chain.length === 0 ? null : clientStanding(judge, chain);
  let account: Account | null = null;
  /** Who logged in with a password; a certificate is asked for only without. */
  let login: string | null = null;
  return {
    // At each MAIL anew: an account may have been removed, or its rights changed, since the last one.
    async sender(address) {
      if (login !== null) account = await judge.accountOf(login);
      else {
        account = null;
        const found = standing === null ? null : await standing.ask();
        if (found === 'client-status-unknown') return found;
        if (found !== null && typeof found !== 'string') account = await judge.accountOfCertificate(found.fingerprint);
      }
      if (account === null) return 'login-required';
      return address === '' || account.maySendAs(address) ? null : 'sender-not-allowed';
    },
    recipient: (address) => (account?.mayWriteTo(address) === true ? null : 'recipient-not-allowed'),
    who: () => account?.id ?? null,
    asksFrom: true,
    handover(from) {
      if (account === null) return { refusal: 'login-required' };
      if (from === null) return { refusal: 'from-unreadable' };
      if (!account.maySendAs(from)) return { refusal: 'from-not-allowed' };
      return { carrier: { kind: 'account', account: account.id } };
    },
    async login(name, password) {
      const found = await judge.accountOfPassword(name, password);
      account = found ?? account;
      login = found?.id ?? login;
      return found === null ? 'login-refused' : null;
    },
  };
}
