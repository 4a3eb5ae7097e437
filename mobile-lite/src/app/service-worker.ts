/**
 * Keeps the shell of the app (never a letter, never an answer of the relay), so that it opens without a network. The
 * build writes the list of files and their version into it; a new version replaces the old cache as a whole.
 */
declare const SHELL_FILES: readonly string[];
declare const SHELL_VERSION: string;

interface LifeEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface RequestEvent extends LifeEvent {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface WorkerScope extends EventTarget {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
}

const worker = globalThis as unknown as WorkerScope;
const CACHE = `estafette-${SHELL_VERSION}`;

worker.addEventListener('install', (event) => {
  const kept = caches
    .open(CACHE)
    .then((cache) => cache.addAll(SHELL_FILES.map((file) => new Request(file, { cache: 'reload' }))));
  (event as LifeEvent).waitUntil(kept.then(() => worker.skipWaiting()));
});

worker.addEventListener('activate', (event) => {
  const cleaned = caches
    .keys()
    .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
    .then(() => worker.clients.claim());
  (event as LifeEvent).waitUntil(cleaned);
});

worker.addEventListener('fetch', (event) => {
  const asked = event as RequestEvent;
  const { pathname, origin } = new URL(asked.request.url);
  if (asked.request.method !== 'GET' || origin !== location.origin || pathname.startsWith('/v1/')) return;
  const file = asked.request.mode === 'navigate' ? '/' : pathname;
  if (SHELL_FILES.includes(file)) asked.respondWith(fromShell(file, asked.request));
});

async function fromShell(file: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(file)) ?? fetch(request);
}
