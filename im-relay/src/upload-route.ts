/**
 * PUT /v1/blobs/:blobId: a sealed photo or file of a reply, streamed to `uploads/<mailbox>/<blob>`, from where the
 * gateway takes it once it has opened the reply. The mailbox comes from the session, never from the request. The relay
 * cannot tell a photo from noise, so it bounds what it takes: size, number and bytes per mailbox and hour, and a day to lie there.
 * The same bytes again under the same id are the same upload; other bytes never replace what lies there.
 */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { idOf } from '@estafette/contracts/ids';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import { sessionOf } from './blob-route.ts';
import { HttpRefusal } from './http-refusal.ts';
import type { RelayContext } from './relay-context.ts';

const UPLOADS = 'uploads/';
/** IV and tag: sealed bytes are never fewer, and one byte of content makes one more. */
const SEALED_MIN_BYTES = 29;
const DISK_FULL = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

const UploadSchema = v.object({ blobId: idOf('blob') });

export function takeUploads(app: FastifyInstance, context: RelayContext): void {
  const { limits } = context;
  const rateLimit = { max: limits.requestsPerMinuteMax, timeWindow: '1 minute' };
  app.register(async (scope) => {
    // The body stays a stream: it is counted while it flows, never held.
    scope.addContentTypeParser('application/octet-stream', (_request, body, done) => done(null, body));
    scope.put('/v1/blobs/:blobId', { config: { rateLimit } }, async (request, reply) => {
      try {
        return await takeUpload(request, reply, context);
      } catch (error) {
        // What is left of the body is not read: this connection ends with the answer.
        reply.header('connection', 'close');
        throw error;
      }
    });
  });
}

async function takeUpload(request: FastifyRequest, reply: FastifyReply, context: RelayContext): Promise<FastifyReply> {
  const { access, blobs, limits, log } = context;
  const { mailboxId, deviceId } = await sessionOf(request, context);
  const parsed = v.safeParse(UploadSchema, request.params);
  if (!parsed.success) throw new HttpRefusal('bad-request');
  // What names no length counts as the longest.
  const announced = Number(request.headers['content-length'] ?? limits.uploadMaxBytes);
  if (announced > limits.uploadMaxBytes) throw new HttpRefusal('too-large');
  const counts = await access.countUpload(mailboxId, announced);
  const isTooMuch = counts.uploads > limits.uploadsPerHourAndMailboxMax;
  if (isTooMuch || counts.bytes > limits.uploadBytesPerHourAndMailboxMax) throw new HttpRefusal('too-fast');
  const { blobId } = parsed.output;
  const place = `${UPLOADS}${mailboxId}/${blobId}`;
  const body = counted(request.body as Readable, limits.uploadMaxBytes);
  const earlier = await blobs.open(place);
  if (earlier !== null) {
    if ((await digestOf(earlier.stream)) !== (await digestOf(body))) throw new HttpRefusal('blob-differs');
    return reply.code(200).send({ bytes: earlier.bytes });
  }
  const { bytes } = await blobs.put(place, body).catch((error: unknown) => {
    throw refusalOf(error);
  });
  log.info('upload taken', { deviceId, mailboxId, bytes });
  return reply.code(201).send({ bytes });
}

/** The bytes as they come; throws on the first one too many, and at the end when they are too few to be sealed. */
async function* counted(body: Readable, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new HttpRefusal('too-large');
    yield chunk;
  }
  if (bytes < SEALED_MIN_BYTES) throw new HttpRefusal('bad-request');
}

async function digestOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const digest = createHash('sha256');
  for await (const chunk of content) digest.update(chunk);
  return digest.digest('hex');
}

function refusalOf(error: unknown): unknown {
  return DISK_FULL.has((error as NodeJS.ErrnoException).code ?? '') ? new HttpRefusal('storage-full') : error;
}

/** Removes uploads that nobody took within uploadKeptSeconds: the reply never came, or the gateway refused it. */
export async function sweepUploads(context: RelayContext): Promise<number> {
  const { blobs, clock, limits } = context;
  const before = clock.now().getTime() - limits.uploadKeptSeconds * 1_000;
  let swept = 0;
  for await (const { name, modifiedAt } of blobs.list(UPLOADS)) {
    if (modifiedAt.getTime() > before) continue;
    await blobs.delete(name);
    swept += 1;
  }
  return swept;
}
