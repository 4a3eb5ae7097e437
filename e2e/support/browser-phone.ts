/**
 * A phone for the stories: the real Chromium with a profile on the disk, so that IndexedDB, the service worker and the
 * home screen are the real ones. It remembers what went wrong in the page, and every request that left it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { packTighter } from './browser-png.ts';

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** On a machine that others keep busy. */
const PATIENCE_MS = 120_000;

/** What Chromium itself writes when a request finds no network; the app cannot keep it from doing so. */
const NO_NETWORK =
  /net::ERR_(INTERNET_DISCONNECTED|CONNECTION_(REFUSED|RESET|CLOSED)|EMPTY_RESPONSE|FAILED)|Connection closed before receiving a handshake response/;

export interface Phone {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of the console, of scripts and of the content policy; without the network's own while it is `cut`. */
  readonly troubles: string[];
  /** Addresses and bodies of all requests. */
  readonly requests: string[];
  cut: boolean;
  close(): Promise<void>;
}

/** Opens a phone of 390 × 844, in French, at French time. */
export async function openPhone(profile: string): Promise<Phone> {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    args: ARGUMENTS,
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 1.5,
    locale: 'fr-FR',
    timezoneId: 'Europe/Paris',
    acceptDownloads: true,
    timeout: PATIENCE_MS,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(PATIENCE_MS);
  const phone: Phone = { page, context, troubles: [], requests: [], cut: false, close: () => context.close() };
  page.on('console', (said) => {
    if (!['error', 'warning'].includes(said.type()) || (phone.cut && NO_NETWORK.test(said.text()))) return;
    phone.troubles.push(`${said.type()}: ${said.text()}`);
  });
  page.on('pageerror', (error) => void phone.troubles.push(`script: ${error.message}`));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      console.error(`content policy: ${violatedDirective} ${blockedURI}`),
    );
  });
  context.on('request', (request) => void phone.requests.push(`${request.url()} ${request.postData() ?? ''}`));
  return phone;
}

/** The part of the page that carries a test id. */
export const part = (page: Page, id: string) => page.getByTestId(id);

/** What a person reads there: as drawn, on one line. */
export async function wordsOf(place: Locator): Promise<string> {
  return (await place.allInnerTexts()).join(' ').replace(/\s+/g, ' ').trim();
}

/** Waits until the phone stands with the relay as told. */
export async function waitForPhase(page: Page, phase: 'live' | 'offline'): Promise<void> {
  await page.locator(`[data-testid="connection"][data-phase="${phase}"]`).waitFor({ state: 'attached' });
}

/** Goes to the list and opens the conversation whose item says `words`. */
export async function openConversation(page: Page, words: string): Promise<void> {
  if (await page.locator('.back').isVisible()) await page.locator('.back').click();
  const item = part(page, 'conversation-item').filter({ hasText: words });
  await item.click().catch(async (cause: unknown) => {
    throw new Error(`no conversation “${words}” in the list: ${await wordsOf(page.locator('body'))}`, { cause });
  });
  await page.getByRole('log').waitFor();
}

/** Types an answer and sends it. */
export async function sendAnswer(page: Page, text: string): Promise<void> {
  await part(page, 'composer').locator('textarea').fill(text);
  await part(page, 'send').click();
  await page.getByRole('article').filter({ hasText: text }).waitFor();
}

/** Waits for a state of the answer that says `text`. */
export async function waitForState(page: Page, text: string, state: string): Promise<void> {
  const bubble = page.getByRole('article').filter({ hasText: text });
  await bubble.locator(`[data-testid="reply-state"][data-state="${state}"]`).waitFor();
}

/** A picture of what is on the screen; of a wide one in the pixels of the page, so that it stays small. */
export async function takePicture(page: Page, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const scale = (page.viewportSize()?.width ?? 0) > 900 ? 'css' : 'device';
  await writeFile(file, packTighter(await page.screenshot({ animations: 'disabled', caret: 'hide', scale })));
}
