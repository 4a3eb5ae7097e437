/**
 * What the gateway sends to inboxes: events to store, devices that joined or were revoked, enrolment answers.
 * Store first, then signal; both may be repeated without harm, because jobs come at least once. A job that does
 * not fit its schema can never succeed: it is logged and given up, and blocks no other.
 */
import { type DeliverJob, QUEUES } from '@estafette/contracts/queues';
import { type InboxEvent, InboxEventSchema } from '@estafette/contracts/sealed-event';
import { type Consumer, GiveUp } from '@estafette/runtime/ports';
import * as v from 'valibot';
import type { RelayContext } from './relay-context.ts';
import { answerTopic, LOOK, mailboxTopic } from './signals.ts';

type Joined = Extract<DeliverJob, { kind: 'device-joined' }>;
type Refused = Extract<DeliverJob, { kind: 'enrolment-refused' }>;
type Revoked = Extract<DeliverJob, { kind: 'device-revoked' }>;

/** Consumes the deliver queue until the consumer is closed. */
export function consumeDeliveries(context: RelayContext): Promise<Consumer> {
  const concurrency = context.limits.deliverConcurrencyMax;
  return context.queues.consume<DeliverJob>(QUEUES.deliver, (job) => deliver(job, context), { concurrency });
}

/** Does one job. Throws when it should be tried again, `GiveUp` when it never can. */
async function deliver(job: DeliverJob, context: RelayContext): Promise<void> {
  switch (job.kind) {
    case 'append':
      return await store(job.mailboxId, job.events, context);
    case 'device-joined':
      return await welcomeDevice(job, context);
    case 'device-known':
      await context.access.registerDevice(job.deviceId, {
        mailboxId: job.mailboxId,
        signingKey: job.signingKey,
        validUntil: job.validUntil,
      });
      return;
    case 'devices-introduced':
      return await context.access.markIntroduced();
    case 'enrolment-refused':
      return await publishAnswer(job, context);
    case 'device-revoked':
      return await dropDevice(job, context);
    default:
      context.log.error('a delivery job of an unknown kind was given up', { queue: QUEUES.deliver });
      throw new GiveUp('unknown kind of delivery job');
  }
}

async function store(mailboxId: string, events: readonly InboxEvent[], context: RelayContext): Promise<void> {
  for (const event of events) refuseMalformed(mailboxId, event, context);
  if (events.length === 0) return;
  await context.inbox.append(mailboxId, events);
  await context.signals.send(mailboxTopic(mailboxId), LOOK);
}

function refuseMalformed(mailboxId: string, event: InboxEvent, context: RelayContext): void {
  const isSmall = JSON.stringify(event).length <= context.limits.eventMaxBytes;
  if (isSmall && v.is(InboxEventSchema, event)) return;
  const reason = isSmall ? 'schema' : 'size';
  context.log.error('an event that does not fit was given up', { mailboxId, queue: QUEUES.deliver, reason });
  throw new GiveUp(`malformed event: ${reason}`);
}

async function welcomeDevice(job: Joined, context: RelayContext): Promise<void> {
  const { deviceId, mailboxId, signingKey, validUntil } = job;
  if (!(await context.access.registerDevice(deviceId, { mailboxId, signingKey, validUntil }))) {
    context.log.warn('a revoked device did not join again', { deviceId, mailboxId });
    return;
  }
  await store(mailboxId, job.events, context);
  await publishAnswer(job, context);
  context.log.info('device joined', { deviceId, mailboxId, count: job.events.length });
}

async function publishAnswer(job: Joined | Refused, context: RelayContext): Promise<void> {
  const { enrolmentId, deviceId, answer } = job;
  await context.access.putAnswer(enrolmentId, deviceId, answer);
  await context.signals.send(answerTopic(enrolmentId, deviceId), LOOK);
}

async function dropDevice(job: Revoked, context: RelayContext): Promise<void> {
  const { deviceId, mailboxId } = job;
  await context.access.revokeDevice(deviceId);
  await context.inbox.forgetDevice(mailboxId, deviceId);
  await context.signals.send(mailboxTopic(mailboxId), { kind: 'revoked', deviceId });
  context.log.info('device revoked', { deviceId, mailboxId });
}
