/**
 * GET /v1/blobs/:blobId: a sealed photo, file or original letter, to a device of the mailbox it belongs to. The
 * mailbox comes from the session, never from the request. The bytes are ciphertext; the headers see to it that no
 * browser takes them for anything else or keeps them.
 */
import { idOf } from '@estafette/contracts/ids';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import { HttpRefusal } from './http-refusal.ts';
import type { RelayContext } from './relay-context.ts';

const BlobQuestionSchema = v.object({ blobId: idOf('blob') });
const BEARER = /^Bearer ([A-Za-z0-9_-]{43})$/i;

/** Whose session the request carries; throws a refusal when it carries none that is good. */
export async function sessionOf(
  request: FastifyRequest,
  context: RelayContext,
): Promise<{ readonly deviceId: string; readonly mailboxId: string }> {
  const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
  const session = token === undefined ? null : await context.access.findSession(token);
  if (session === null) throw new HttpRefusal('session-refused');
  return session;
}

export function serveBlobs(app: FastifyInstance, context: RelayContext): void {
  const rateLimit = { max: context.limits.requestsPerMinuteMax, timeWindow: '1 minute' };
  app.get('/v1/blobs/:blobId', { config: { rateLimit } }, async (request, reply) => {
    const session = await sessionOf(request, context);
    const parsed = v.safeParse(BlobQuestionSchema, request.params);
    if (!parsed.success) throw new HttpRefusal('not-found');
    const blob = await context.blobs.open(`blobs/${session.mailboxId}/${parsed.output.blobId}`);
    if (blob === null) throw new HttpRefusal('not-found');
    return reply
      .header('content-type', 'application/octet-stream')
      .header('content-length', blob.bytes)
      .header('content-disposition', 'attachment')
      .header('cache-control', 'no-store')
      .send(blob.stream);
  });
}
