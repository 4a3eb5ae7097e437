/**
 * POST /v1/tickets: a device proves by its signature who it is and gets a ticket for one socket. The proof is bound
 * to a time and a nonce, so that a request overheard is of no use: outside the clock window it is too old, inside
 * it its nonce is used up. The nonce is burnt only by a request whose signature is good.
 */
import { ticketSignatureInput, verifyDeviceSignature } from '@estafette/contracts/device-keys';
import { type TicketAnswer, type TicketRequest, TicketRequestSchema } from '@estafette/contracts/frames';
import type { FastifyInstance } from 'fastify';
import * as v from 'valibot';
import { HTTP_REFUSALS, HttpRefusal } from './http-refusal.ts';
import type { RelayContext } from './relay-context.ts';

export function serveTickets(app: FastifyInstance, context: RelayContext): void {
  const rateLimit = { max: context.limits.requestsPerMinuteMax, timeWindow: '1 minute' };
  app.post('/v1/tickets', { config: { rateLimit } }, async (request, reply) => {
    const parsed = v.safeParse(TicketRequestSchema, request.body);
    if (!parsed.success) throw new HttpRefusal('bad-request');
    const answer = await answerTicketRequest(parsed.output, context);
    if ('ticket' in answer) return answer;
    context.log.info('ticket refused', { deviceId: parsed.output.deviceId, code: answer.code });
    const { status, message } = HTTP_REFUSALS[answer.code];
    return reply.code(status).send({ ...answer, message });
  });
}

async function answerTicketRequest(request: TicketRequest, context: RelayContext): Promise<TicketAnswer> {
  const { access, clock, limits } = context;
  const serverTime = clock.now().getTime();
  const skewMs = Math.abs(request.at - serverTime);
  if (skewMs > limits.ticketClockSkewSeconds * 1_000) return { code: 'clock', serverTime };
  const device = await access.findDevice(request.deviceId);
  if (device === null) {
    // A relay that lost its memory must not turn away for good a device it will hear of in a moment.
    if (!(await access.isIntroduced())) throw new HttpRefusal('unavailable');
    return { code: 'unknown-device', serverTime };
  }
  const isSigned = await verifyDeviceSignature(device.signingKey, request.signature, ticketSignatureInput(request));
  if (!isSigned) return { code: 'bad-signature', serverTime };
  if (!(await access.useNonce(request.deviceId, request.nonce))) return { code: 'replayed', serverTime };
  return { ticket: await access.makeTicket(request.deviceId), serverTime };
}
