/**
 * The relay's HTTP side: tickets, enrolments, blobs and uploads, health, and the app's files. Every answer carries the security
 * headers, every refusal is JSON `{code, message}` from one table, and nothing of a request is logged but ids.
 * While Redis is away the API says 503 at once instead of keeping callers waiting.
 */
import fastifyRateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { serveBlobs } from './blob-route.ts';
import { serveEnrolments } from './enrolment-routes.ts';
import { HTTP_REFUSALS, HttpRefusal, type HttpRefusalCode } from './http-refusal.ts';
import { isOriginAllowed, type OriginRule } from './origin.ts';
import type { RelayContext } from './relay-context.ts';
import { serveTickets } from './ticket-route.ts';
import { takeUploads } from './upload-route.ts';
import { API_POLICY, isNavigation, pagePolicy, serveWebApp } from './web-app.ts';

export interface WebSettings {
  /** Folder of the built app; null serves the API alone. */
  readonly webRoot: string | null;
  readonly origins: OriginRule;
}

export async function buildHttpServer(context: RelayContext, web: WebSettings): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    trustProxy: web.origins.trustProxy,
    bodyLimit: context.limits.frameMaxBytes,
    requestTimeout: context.limits.requestMaxSeconds * 1_000,
    forceCloseConnections: true,
    return503OnClosing: true,
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => answerError({ error, request, reply, context }));
  await app.register(fastifyRateLimit, { global: false, errorResponseBuilder: () => new HttpRefusal('too-fast') });
  setHeadersOfAll(app, web);
  guardApi(app, context, web.origins);
  app.get('/healthz', { config: {} }, async (_request, reply) => {
    const isReachable = await context.access.isReachable();
    return reply.code(isReachable ? 200 : 503).send({ status: isReachable ? 'ok' : 'unavailable' });
  });
  serveTickets(app, context);
  serveEnrolments(app, context);
  serveBlobs(app, context);
  takeUploads(app, context);
  if (web.webRoot !== null) await serveWebApp(app, web.webRoot);
  app.setNotFoundHandler((request, reply) => {
    if (web.webRoot !== null && isNavigation(request)) return reply.sendFile('index.html');
    return refuse(reply, 'not-found');
  });
  return app;
}

function setHeadersOfAll(app: FastifyInstance, web: WebSettings): void {
  app.addHook('onRequest', async (request, reply) => {
    const isApi = request.url.startsWith('/v1/') || request.url === '/healthz';
    reply.headers({
      'content-security-policy': isApi ? API_POLICY : pagePolicy(request, web.origins.trustProxy),
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
    });
    if (isApi) reply.header('cache-control', 'no-store');
  });
}

function guardApi(app: FastifyInstance, context: RelayContext, origins: OriginRule): void {
  app.addHook('onRequest', async (request) => {
    if (!request.url.startsWith('/v1/')) return;
    const changes = request.method !== 'GET' && request.method !== 'HEAD';
    if (changes && !isOriginAllowed(request.headers, origins)) throw new HttpRefusal('origin-refused');
    if (!(await context.access.isReachable())) throw new HttpRefusal('unavailable');
  });
}

async function answerError(trouble: {
  error: FastifyError;
  request: FastifyRequest;
  reply: FastifyReply;
  context: RelayContext;
}): Promise<FastifyReply> {
  const { error, request, reply, context } = trouble;
  if (error instanceof HttpRefusal) return refuse(reply, error.code);
  const status = error.statusCode ?? 500;
  if (status === 413) return refuse(reply, 'too-large');
  if (status === 404) return refuse(reply, 'not-found');
  if (status >= 400 && status < 500) return refuse(reply, 'bad-request');
  // The caller lost its network in the middle: nobody hears the answer, and it is no trouble of ours.
  if (request.raw.destroyed || request.raw.socket.destroyed) return refuse(reply, 'bad-request');
  context.log.error('a request failed', { error });
  // Redis went away between the guard and the work: the caller may simply come again.
  const isOurs = status !== 503 && (await context.access.isReachable());
  return refuse(reply, isOurs ? 'internal-error' : 'unavailable');
}

function refuse(reply: FastifyReply, code: HttpRefusalCode): FastifyReply {
  const { status, message } = HTTP_REFUSALS[code];
  return reply.code(status).type('application/json').send({ code, message });
}
