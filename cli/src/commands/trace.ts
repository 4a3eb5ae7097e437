/** `estafette trace ID`: the timeline of a letter or a reply, content-free. */
import { join } from 'node:path';
import { AUDIT_EVENTS } from '@estafette/contracts/audit-events';
import { waitingLetters } from '@estafette/gateway/inspect';
import type { LastingStore, TraceLine } from '@estafette/gateway/ports';
import { openFileBlobStore } from '@estafette/runtime/file-blob-store';
import type { Foundation } from '../foundation.ts';
import { atDesk } from '../hosted-mailbox.ts';
import { PlainError } from '../plain-error.ts';

async function subjectsFor(foundation: Foundation, store: LastingStore, id: string): Promise<string[]> {
  if (/^[a-z]{3}_[0-9A-Za-z]{26}$/.test(id)) return [id];
  const epoch = /^(?:epoch )?(\d{8}T\d{6}Z)$/.exec(id)?.[1];
  if (epoch !== undefined) return [`epoch ${epoch}`];
  const messageId = id.startsWith('<') ? id : `<${id}>`;
  const known = await store.subjectsByMessageId(foundation.vault.index('message-id-index', `message-id ${messageId}`));
  if (known.length > 0) return known;
  return waitingLetters(await openFileBlobStore(join(foundation.home, 'safe')), foundation.vault, messageId);
}

/** Who asked for a filing, by the device that the trail names. */
async function withPerson(store: LastingStore, line: TraceLine): Promise<TraceLine & { person?: string }> {
  const deviceId = line.event === 'filing-accepted' ? /dev_[0-9A-Za-z]{26}/.exec(line.detail ?? '')?.[0] : undefined;
  const person = deviceId === undefined ? null : await store.personOfDevice(deviceId);
  return person === null ? line : { ...line, person };
}

function print(line: TraceLine & { person?: string }, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...line, at: new Date(line.at).toISOString() })}\n`);
    return;
  }
  const facts = [line.detail, line.person, line.related].filter((fact) => fact !== undefined).join('  ');
  process.stdout.write(
    `${new Date(line.at).toISOString()}  ${line.subject}  ${line.event.padEnd(20)} ${facts === '' ? AUDIT_EVENTS[line.event] : facts}\n`,
  );
}

const tellWaiting = (subject: string, json: boolean): void =>
  void process.stdout.write(
    json
      ? `${JSON.stringify({ subject, event: 'letter-waiting' })}\n`
      : `${subject} is in the spool, waiting to be opened.\n`,
  );

/** Prints the timeline; exit code 3 when nothing is known of the id. */
export async function trace(id: string, options: { json?: boolean }): Promise<void> {
  await atDesk(async ({ foundation, store }) => {
    const subjects = await subjectsFor(foundation, store, id);
    const safe = await openFileBlobStore(join(foundation.home, 'safe'));
    let isKnown = false;
    for (const subject of subjects) {
      const lines = await store.trace(subject);
      for (const line of lines) print(await withPerson(store, line), options.json === true);
      const waits = lines.length === 0 && /^ltr_/.test(subject) && (await safe.get(`spool/${subject}`)) !== null;
      if (waits) tellWaiting(subject, options.json === true);
      isKnown ||= waits || lines.length > 0;
    }
    if (!isKnown) throw new PlainError(`Nothing is known of ${id}.`, 3);
  });
}
