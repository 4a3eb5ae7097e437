/**
 * What a door asks of the world about who stands before it. The door decides nothing of certificates, lists and
 * passwords itself; it asks here, and an error thrown here is ours: 451, try again (MSSanté facts 1.4).
 */
import type { PeerJudgement, TrustList } from '../ports.ts';

/** Software of one's own that may hand letters in, and as whom. */
export interface Account {
  /** Kept with the letter; no secret. */
  readonly id: string;
  /** Addresses as given, local part as written. Asked for MAIL FROM and for the header From. */
  maySendAs(address: string): boolean;
  mayWriteTo(address: string): boolean;
}

export interface DoorJudge {
  /** The certificate a client showed: chain as sent, DER, leaf first, never empty. Asked once for each TLS session. */
  judgeClient(chain: readonly Uint8Array[]): Promise<PeerJudgement>;
  /** The list as it is at this moment; asked for each letter. Only for `listed-operators`. */
  readonly trustList: TrustList | null;
  /** The account a good certificate belongs to, by the fingerprint of `judgeClient`. Only for `accounts`. */
  accountOfCertificate(fingerprint: string): Promise<Account | null>;
  /** The account as it is now, by its id; asked at each MAIL after a login. Only for `accounts`. */
  accountOf(id: string): Promise<Account | null>;
  /** Takes as long for an unknown name as for a wrong password. Only for `accounts`. */
  accountOfPassword(name: string, password: string): Promise<Account | null>;
}
