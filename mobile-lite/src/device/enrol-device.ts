/**
 * How this device joins a mailbox from a one-time link: make keys that cannot leave the device, prove the secret
 * of the link, wait for the gateway's sealed answer, keep who we are. The relay carries the request and the
 * answer and can change neither (contracts/enrolment.ts). Nothing is kept unless the answer opens.
 */
import { exportPublicKey, makeSigningKeys, makeWrappingKeys } from '@estafette/contracts/device-keys';
import {
  type EnrolmentAnswer,
  EnrolmentAnswerSchema,
  type EnrolmentRequest,
  type Membership,
  openMembership,
  proveEnrolment,
  readEnrolmentLink,
} from '@estafette/contracts/enrolment';
import { newId } from '@estafette/contracts/ids';
import * as v from 'valibot';
import { type Clock, systemClock } from './clock.ts';
import type { DeviceIdentity, DeviceStore } from './device-store.ts';
import { type Fetch, RelayHttp, RelayUnreachable, readJson } from './relay-http.ts';

/** How long the gateway is given to answer before we say so. */
const PATIENCE_MS = 90_000;
const RETRY_MS = 1_500;
/** Longer than the relay's own wait (enrolmentWaitSeconds). */
const LONG_POLL_TIMEOUT_MS = 40_000;

const RefusalSchema = v.object({ failure: v.string() });

/** Steps a screen can show. */
export type EnrolmentStep = 'making-keys' | 'asking' | 'waiting' | 'joined';

/**
 * Why joining failed: a code of the failure catalogue, or what only the device can see: `link-malformed`,
 * `network` (the relay was not reached), `no-answer` (the gateway said nothing in time), `answer-forged`
 * (the answer does not open with the secret of the link).
 */
export type EnrolmentResult =
  | { readonly outcome: 'joined'; readonly identity: DeviceIdentity }
  | { readonly outcome: 'refused'; readonly code: string };

export interface EnrolmentParts {
  /** The whole link, or its fragment. */
  readonly link: string;
  readonly baseUrl: string;
  readonly store: DeviceStore;
  readonly fetch?: Fetch;
  readonly clock?: Clock;
  readonly patienceMs?: number;
  onStep?(step: EnrolmentStep): void;
}

/** Joins. Never throws for what the network or the gateway does; throws when the store cannot keep the identity. */
export async function enrolDevice(parts: EnrolmentParts): Promise<EnrolmentResult> {
  const link = readEnrolmentLink(parts.link);
  if (link === null) return { outcome: 'refused', code: 'link-malformed' };
  const tell = (step: EnrolmentStep): void => parts.onStep?.(step);

  tell('making-keys');
  const deviceId = newId('device');
  const [wrappingKeys, signingKeys] = await Promise.all([makeWrappingKeys(false), makeSigningKeys()]);
  const unproven = {
    enrolmentId: link.enrolmentId,
    deviceId,
    wrappingKey: await exportPublicKey(wrappingKeys.publicKey),
    signingKey: await exportPublicKey(signingKeys.publicKey),
  };
  const request = { ...unproven, proof: await proveEnrolment(link.secret, unproven) };

  tell('asking');
  const answer = await askUntilAnswered(parts, request, tell);
  if (typeof answer === 'string') return { outcome: 'refused', code: answer };
  if (answer.outcome === 'refused') return { outcome: 'refused', code: answer.failure };

  let membership: Membership;
  try {
    membership = await openMembership(link.secret, request, answer);
  } catch {
    return { outcome: 'refused', code: 'answer-forged' };
  }
  const identity: DeviceIdentity = { deviceId, wrappingKeys, signingKeys, membership };
  await parts.store.eraseAll();
  await parts.store.keepIdentity(identity);
  tell('joined');
  return { outcome: 'joined', identity };
}

async function askUntilAnswered(
  parts: EnrolmentParts,
  request: EnrolmentRequest,
  tell: (step: EnrolmentStep) => void,
): Promise<EnrolmentAnswer | 'network' | 'no-answer'> {
  const relay = new RelayHttp(parts.baseUrl, parts.fetch ?? fetch.bind(globalThis));
  const clock = parts.clock ?? systemClock;
  const deadline = clock.now() + (parts.patienceMs ?? PATIENCE_MS);
  let posted = false;
  for (;;) {
    try {
      const outcome = posted
        ? await readAnswer(await relay.send(answerPath(request), { method: 'GET' }, LONG_POLL_TIMEOUT_MS))
        : await readAnswer(await relay.post('/v1/enrolments', request));
      if (outcome !== 'pending') return outcome;
      if (posted) await pause(RETRY_MS / 3);
      posted = true;
      tell('waiting');
    } catch (error) {
      if (!(error instanceof RelayUnreachable)) throw error;
      if (clock.now() >= deadline) return posted ? 'no-answer' : 'network';
      await pause(RETRY_MS);
    }
    if (clock.now() >= deadline) return posted ? 'no-answer' : 'network';
  }
}

/** Where the relay waits for the gateway's answer; `pending` when it has not come within its patience. */
function answerPath({ enrolmentId, deviceId }: EnrolmentRequest): string {
  return `/v1/enrolments/${enrolmentId}/answer?device=${deviceId}`;
}

async function readAnswer(answer: Response): Promise<'pending' | EnrolmentAnswer> {
  if (answer.status === 202 || answer.status === 204) return 'pending';
  const body = await readJson(answer);
  const answered = v.safeParse(EnrolmentAnswerSchema, body);
  if (answered.success) return answered.output;
  const refused = v.safeParse(RefusalSchema, body);
  if (refused.success) return { outcome: 'refused', failure: refused.output.failure };
  throw new RelayUnreachable(`enrolment answer ${answer.status}`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
