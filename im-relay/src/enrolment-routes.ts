/**
 * POST /v1/enrolments carries a phone's request to the gateway; GET …/answer waits for what the gateway says. The
 * relay can read neither proof nor answer. Anyone may post, so the rate is limited twice: per address, and in all,
 * because each request costs the gateway work.
 */
import { type EnrolmentAnswer, EnrolmentRequestSchema } from '@estafette/contracts/enrolment';
import { idOf } from '@estafette/contracts/ids';
import { QUEUES, type ReplyJob } from '@estafette/contracts/queues';
import type { FastifyInstance } from 'fastify';
import * as v from 'valibot';
import { HttpRefusal } from './http-refusal.ts';
import type { RelayContext } from './relay-context.ts';
import { answerTopic } from './signals.ts';
import { TokenBucket } from './token-bucket.ts';

const AnswerQuestionSchema = v.object({ enrolmentId: idOf('enrolment'), device: idOf('device') });

export function serveEnrolments(app: FastifyInstance, context: RelayContext): void {
  const { limits } = context;
  const perMinute = limits.enrolmentsPerMinuteMax;
  const total = new TokenBucket({ perSecond: perMinute / 60, burst: perMinute }, performance.now());
  const postRate = { max: limits.enrolmentsPerMinutePerAddressMax, timeWindow: '1 minute' };
  app.post('/v1/enrolments', { config: { rateLimit: postRate } }, async (request, reply) => {
    const parsed = v.safeParse(EnrolmentRequestSchema, request.body);
    if (!parsed.success) throw new HttpRefusal('bad-request');
    if (!total.take(performance.now())) throw new HttpRefusal('too-fast');
    const job: ReplyJob = { kind: 'enrolment', request: parsed.output };
    await context.queues.add(QUEUES.reply, parsed.output.deviceId, job);
    return reply.code(202).send({});
  });

  const getRate = { max: limits.requestsPerMinuteMax, timeWindow: '1 minute' };
  app.get('/v1/enrolments/:enrolmentId/answer', { config: { rateLimit: getRate } }, async (request, reply) => {
    const question = { ...(request.params as object), ...(request.query as object) };
    const parsed = v.safeParse(AnswerQuestionSchema, question);
    if (!parsed.success) throw new HttpRefusal('bad-request');
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const { enrolmentId, device } = parsed.output;
    const answer = await waitForAnswer({ enrolmentId, deviceId: device, context, gone: gone.signal });
    return answer === null ? reply.code(204).send() : answer;
  });
}

/** The answer when it is there or comes within enrolmentWaitSeconds; else null. Listens before it looks. */
async function waitForAnswer(wait: {
  enrolmentId: string;
  deviceId: string;
  context: RelayContext;
  gone: AbortSignal;
}): Promise<EnrolmentAnswer | null> {
  const { enrolmentId, deviceId, context, gone } = wait;
  const signalled = Promise.withResolvers<void>();
  const wake = () => signalled.resolve();
  const stop = await context.signals.listen(answerTopic(enrolmentId, deviceId), wake);
  const timer = setTimeout(wake, context.limits.enrolmentWaitSeconds * 1_000);
  gone.addEventListener('abort', wake);
  try {
    const present = await context.access.findAnswer(enrolmentId, deviceId);
    if (present !== null || gone.aborted) return present;
    await signalled.promise;
    return await context.access.findAnswer(enrolmentId, deviceId);
  } finally {
    clearTimeout(timer);
    stop().catch((error: unknown) => context.log.debug('signals were not ended in order', { deviceId, error }));
  }
}
