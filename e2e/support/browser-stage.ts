/** One product, one phone, and what the doctor has received: the stage on which a story of the browser plays. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newMails } from '@estafette/cli/demo/maildir';
import { openAndVerify } from '@estafette/cli/demo/openssl';
import { openPhone, type Phone, part, takePicture, waitForPhase } from './browser-phone.ts';
import { type Product, startProduct } from './browser-product.ts';

/** An answer as the doctor's mail program would show it. */
export interface ReceivedAnswer {
  readonly text: string;
  /** Subject of the certificate that openssl verified. */
  readonly signer: string;
  /** The headers in clear. */
  readonly headers: string;
}

export interface Stage {
  readonly folder: string;
  /** The product that runs now. */
  product: Product;
  readonly phone: Phone;
  close(): Promise<void>;
}

/** Starts the product and opens a phone that has not joined yet. Call `close` whatever happens. */
export async function openStage(settings: Record<string, string> = {}): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'estafette-browser-'));
  const product = await startProduct({ home: join(folder, 'home'), settings });
  const phone = await openPhone(join(folder, 'profile')).catch(async (cause: unknown) => {
    await product.stop();
    throw cause;
  });
  const stage: Stage = {
    folder,
    product,
    phone,
    close: async () => {
      await phone.close().finally(() => stage.product.stop());
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return stage;
}

/** Joins by the link that the product printed. */
export async function joinByLink({ phone: { page }, product }: Stage): Promise<void> {
  await page.goto(product.enrol);
  await part(page, 'enrol-button').click();
  await waitForPhase(page, 'live');
}

/** Takes a picture for the documentation, when `PICTURES=docs` is set. */
export function pictureOf(stage: Stage, name: string): Promise<void> {
  if (process.env.PICTURES !== 'docs') return Promise.resolve();
  const images = fileURLToPath(new URL('../../docs/images', import.meta.url));
  return takePicture(stage.phone.page, join(images, `${name}.png`));
}

/** The answers in the doctor's Maildir that say `text`, each opened and verified by openssl. */
export async function answersSaying(stage: Stage, text: string): Promise<ReceivedAnswer[]> {
  const { people, files } = stage.product.demo;
  const found: ReceivedAnswer[] = [];
  for (const file of await newMails(join(people.doctor.folder, 'Maildir'))) {
    const mail = await readFile(file);
    const opened = await openAndVerify(people.doctor.folder, files.authorities, mail);
    const headers = mail.toString('latin1').split('\r\n\r\n', 1)[0] ?? '';
    if (opened.text.includes(text)) found.push({ text: opened.text, signer: opened.signer, headers });
  }
  return found;
}
