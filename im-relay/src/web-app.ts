/**
 * The phone's app as files: index.html and the service worker are asked for again each time, files with a digest in
 * their name never. The policy lets the page talk to this relay only, run only its own files, and be framed by no one.
 */
import { basename } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { requestedHost } from './origin.ts';

const DIGEST_IN_NAME = /[.-][A-Za-z0-9_-]{8,}\.(js|css|woff2|png|svg|webp)$/;
const ONE_YEAR_SECONDS = 365 * 24 * 3_600;

export async function serveWebApp(app: FastifyInstance, webRoot: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: webRoot,
    cacheControl: false,
    dotfiles: 'ignore',
    setHeaders(response, path) {
      const isForEver = DIGEST_IN_NAME.test(basename(path));
      const caching = isForEver ? `public, max-age=${ONE_YEAR_SECONDS}, immutable` : 'no-cache';
      response.header('cache-control', caching);
    },
  });
}

/** Whether an unknown path should show the app: a page somebody navigates to, not a file or a call that is missing. */
export function isNavigation(request: FastifyRequest): boolean {
  const path = request.url.split('?', 1)[0] ?? '';
  const wantsPage = request.headers['sec-fetch-mode'] === 'navigate' || request.headers.accept?.includes('text/html');
  const isFile = basename(path).includes('.') || path.includes('/.');
  return request.method === 'GET' && wantsPage === true && !path.startsWith('/v1/') && !isFile;
}

/** Content-Security-Policy for the page. The socket's origin stands there in full: older Safari does not count it as 'self'. */
export function pagePolicy(request: FastifyRequest, trustProxy: boolean): string {
  const host = requestedHost(request.headers, trustProxy);
  const sockets = host === null ? '' : ` ws://${host} wss://${host}`;
  return [
    "default-src 'self'",
    `connect-src 'self'${sockets}`,
    "img-src 'self' blob:",
    "style-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** For everything that is not a page. */
export const API_POLICY = "default-src 'none'; frame-ancestors 'none'";
