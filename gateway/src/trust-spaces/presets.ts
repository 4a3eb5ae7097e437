/**
 * What a trust space is unless its operator says otherwise (design, section 8): a policy for letters and answers, and
 * the defaults of its door, its way out and its list. What MSSanté does not fix publicly (facts: mssante.md, marked
 * unknown there) is a choice of this project, and a setting. No preset is complete: files and hosts are the operator's.
 */
import { SPACE_LIMITS } from '@estafette/contracts/limits';
import type { AnswerPolicy, DoorPolicy, LetterPolicy, TrustListPolicy, WayOutPolicy } from '../trust-space.ts';

export interface Preset {
  readonly letters: LetterPolicy;
  readonly answers: AnswerPolicy;
  readonly door: Pick<DoorPolicy, 'port' | 'requiresTls' | 'admits' | 'allowsCbcSuites'>;
  readonly wayOut: Pick<
    WayOutPolicy,
    'reaches' | 'checksPeerName' | 'connectionsPerDomainMax' | 'giveUpAfterHours' | 'serverName'
  >;
  readonly trustList: Pick<TrustListPolicy, 'refreshMinutes' | 'shrinkMax' | 'alarmAfterHours' | 'failAfterHours'>;
}

/** Answers that every S/MIME client opens (facts: RFC 8551 §2.7 and the interop matrix, docs/interop.md). */
const ANSWERS: AnswerPolicy = {
  encrypts: 'always',
  content: 'aes-256-cbc',
  keyTransport: 'rsa-pkcs1',
  hasHtmlTwin: false,
  hasOperatorLabel: false,
  productNumber: null,
};

const LETTERS: LetterPolicy = { requires: 'signed-or-encrypted', opensTripleDes: false, revocationHoldHours: 0 };

const DOOR = { port: 25, requiresTls: true, admits: 'anyone', allowsCbcSuites: false } as const;

const WAY_OUT = {
  reaches: 'any-domain',
  checksPeerName: false,
  serverName: null,
  connectionsPerDomainMax: SPACE_LIMITS.connectionsPerDomainUsual,
  giveUpAfterHours: 48,
} as const;

/** Hourly, fail closed after three days: choices of this project (mssante.md 1.3 leaves them open). */
const TRUST_LIST = { refreshMinutes: 60, shrinkMax: 0.8, alarmAfterHours: 24, failAfterHours: 72 } as const;

export const PRESETS = {
  demo: { letters: LETTERS, answers: ANSWERS, door: { ...DOOR, port: 2525 }, wayOut: WAY_OUT, trustList: TRUST_LIST },
  'apicrypt-style': {
    letters: { ...LETTERS, requires: 'signed-and-encrypted', revocationHoldHours: 4 },
    answers: ANSWERS,
    door: DOOR,
    wayOut: WAY_OUT,
    trustList: TRUST_LIST,
  },
  mssante: {
    letters: { ...LETTERS, requires: 'nothing' },
    answers: { ...ANSWERS, encrypts: 'when-possible', hasOperatorLabel: true },
    door: { ...DOOR, admits: 'listed-operators' },
    wayOut: { ...WAY_OUT, reaches: 'listed-domains', checksPeerName: true },
    trustList: TRUST_LIST,
  },
  internal: {
    letters: { ...LETTERS, requires: 'nothing' },
    answers: ANSWERS,
    door: { ...DOOR, port: 587, admits: 'accounts' },
    wayOut: WAY_OUT,
    trustList: TRUST_LIST,
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;

export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[];
