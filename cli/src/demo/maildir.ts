/** A Maildir: written under tmp/, fsynced, renamed into new/ (the rules of maildir(5)). */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** Delivers one mail; resolves with its file when it is durable. */
export async function deliverToMaildir(folder: string, mail: Buffer): Promise<string> {
  for (const part of ['tmp', 'new', 'cur']) await mkdir(join(folder, part), { recursive: true, mode: 0o700 });
  const name = `${Date.now()}.${process.pid}_${randomBytes(6).toString('hex')}.estafette-demo`;
  const file = await open(join(folder, 'tmp', name), 'wx', 0o600);
  try {
    await file.writeFile(mail);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(join(folder, 'tmp', name), join(folder, 'new', name));
  return join(folder, 'new', name);
}

/** Files that wait in new/, oldest first. */
export async function newMails(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'new')).catch(() => [] as string[]);
  return names.sort().map((name) => join(folder, 'new', name));
}
