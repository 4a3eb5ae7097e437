/**
 * Where the keys of a mailbox stand at a moment: which sign, which one correspondents should encrypt to, which wait
 * for their time, which only open what was encrypted to them before; and until when signing and encrypting are covered.
 * The newest valid key is for use (design: keys). Whether a certificate may sign or encrypt is its keyUsage
 * (RFC 8550 §4.4.2), told by the caller; who issued it, and whether it was revoked, is judged when a letter is sealed.
 */
import type { KeyUses, MailboxKey } from '../ports.ts';

export type UsesOf = (certificate: Buffer) => KeyUses;

/** `in-use`: the newest valid one for at least one use. `spare`: valid, an older one. `opens-only`: it has ended. */
export type KeyState = 'in-use' | 'spare' | 'waiting' | 'opens-only';

export interface KeyStanding {
  readonly key: MailboxKey;
  readonly uses: KeyUses;
  readonly state: KeyState;
}

/** The last key of an unbroken succession that begins now, and the use it is the last one for. */
export interface Coverage {
  readonly use: keyof KeyUses;
  readonly key: MailboxKey;
}

export interface MailboxStanding {
  /** All keys, newest first. */
  readonly keys: readonly KeyStanding[];
  /** Valid now and made for signing, newest first. */
  readonly signing: readonly MailboxKey[];
  /** The key that correspondents should encrypt to. */
  readonly encryption: MailboxKey | null;
  /** What ends first: signing or encrypting. Null while one of them has no valid key. */
  readonly coverage: Coverage | null;
  /** Uses for which there is no valid key now. */
  readonly missing: readonly (keyof KeyUses)[];
}

/** Key by key until none takes over in time: a key that waits counts when it begins before the others end. */
function lastOfSuccession(keys: readonly MailboxKey[], now: number): MailboxKey | null {
  let last: MailboxKey | null = null;
  for (;;) {
    const end: number = last?.notAfter ?? now;
    const next = keys
      .filter((key) => key.notBefore <= end && key.notAfter > end)
      .reduce<MailboxKey | null>((longest, key) => (key.notAfter > (longest?.notAfter ?? 0) ? key : longest), null);
    if (next === null) return last;
    last = next;
  }
}

/** The standing of these keys at `now`, milliseconds since 1970. */
export function standingOf(keys: readonly MailboxKey[], usesOf: UsesOf, now: number): MailboxStanding {
  const known = [...keys]
    .sort((one, other) => other.notBefore - one.notBefore || other.notAfter - one.notAfter)
    .map((key) => ({ key, uses: usesOf(key.certificate) }));
  const madeFor = (use: keyof KeyUses) => known.filter(({ uses }) => uses[use]).map(({ key }) => key);
  const valid = (key: MailboxKey) => key.notBefore <= now && key.notAfter > now;
  const signing = madeFor('sign').filter(valid);
  const encryption = madeFor('encrypt').find(valid) ?? null;
  const stateOf = (key: MailboxKey): KeyState => {
    if (key.notAfter <= now) return 'opens-only';
    if (key.notBefore > now) return 'waiting';
    return key === signing[0] || key === encryption ? 'in-use' : 'spare';
  };
  const ends = (['sign', 'encrypt'] as const).flatMap((use) => {
    const key = lastOfSuccession(madeFor(use), now);
    return key === null ? [] : [{ use, key }];
  });
  const missing = [...(signing.length === 0 ? (['sign'] as const) : []), ...(encryption ? [] : (['encrypt'] as const))];
  return {
    keys: known.map(({ key, uses }) => ({ key, uses, state: stateOf(key) })),
    signing,
    encryption,
    coverage:
      missing.length > 0 ? null : ends.reduce((one, other) => (other.key.notAfter < one.key.notAfter ? other : one)),
    missing,
  };
}

/** Whole days left, rounded up; 0 when it is over. */
export const daysLeft = (until: number, now: number): number => Math.max(0, Math.ceil((until - now) / 86_400_000));
