/** What a keeper of a trust list tells: to the operator who asks, to the trail, and to the stages that look names up. */
import type { TrustList } from '../ports.ts';
import type { ListAge } from './list-age.ts';
import type { ListRefusal } from './list-refused.ts';

export type TrustListNews =
  | { readonly event: 'accepted'; readonly detail: string }
  | { readonly event: 'refused'; readonly detail: ListRefusal }
  | { readonly event: 'ageing'; readonly detail: Exclude<ListAge, 'fresh'> };

export interface TrustListStanding {
  readonly space: string;
  /** `none`: no list was ever accepted. */
  readonly state: ListAge | 'none';
  readonly list: {
    /** Milliseconds since 1970, both. */
    readonly generatedAt: number;
    readonly currentAt: number;
    readonly domains: number;
    readonly names: number;
    readonly oddRows: number;
    readonly signer: string;
  } | null;
  /** Why the last attempt to renew it failed; null: it did not. */
  readonly trouble: { readonly code: ListRefusal; readonly sentence: string; readonly since: number } | null;
}

export interface TrustListKeeper extends TrustList {
  standing(): TrustListStanding;
  /** The names of a domain as the list prints them; null: not listed. */
  namesOf(domain: string): readonly string[] | null;
  /** Call often: begins to renew the list when it is time, and looks at its age. Waits for nothing. */
  sweep(): Promise<void>;
  /** Renews the list now; one at a time. Never rejects. */
  refresh(): Promise<'accepted' | 'same' | ListRefusal>;
  /** Its settings count from now on: what it accepted is kept for the next start, in the place of what was. */
  putInForce(): Promise<void>;
  close(): Promise<void>;
}
