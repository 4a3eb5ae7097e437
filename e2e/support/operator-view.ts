/** What the operator of a stage sees: the queue, the trail of one thing, the doctor's findings, the lines of the log. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage } from './stage.ts';

/** A line of `estafette queue list --json`; which fields there are depends on `what`. */
export interface Waiting {
  readonly what: 'mail' | 'letter' | 'given-up';
  readonly id: string;
  readonly letterId: string;
  readonly subject: string;
  readonly state: string;
  readonly failure: string | null;
  readonly reason: string;
  readonly attempts: number;
  readonly nextAttemptAt: string | null;
  /** What the operator asked of it and is not done yet. */
  readonly wish: string | null;
}

const linesOf = <T>(text: string): T[] =>
  text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));

export class OperatorView {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async #ask<T>(...words: string[]): Promise<T[]> {
    const { output } = await this.#stage.run([...words, '--json']);
    return linesOf<T>(output.toString());
  }

  /** Everything `estafette queue list` shows. */
  queue(): Promise<Waiting[]> {
    return this.#ask<Waiting>('queue', 'list');
  }

  /** The mail that carries a reply, as `estafette queue list` shows it. */
  async mailOf(replyId: string): Promise<Waiting> {
    const found = (await this.queue()).find(({ subject }) => subject === replyId);
    if (found === undefined) throw new Error(`the queue list does not show the mail of ${replyId}`);
    return found;
  }

  /** `estafette queue retry`; what it says. */
  async retry(mailId: string): Promise<string> {
    const { output, errors } = await this.#stage.run(['queue', 'retry', mailId]);
    return output.toString() + errors;
  }

  /** The events that `estafette trace` tells of one id, with what follows them. */
  async trail(id: string): Promise<string[]> {
    const lines = await this.#ask<{ event: string; detail?: string }>('trace', id);
    return lines.map(({ event, detail }) => (detail === undefined ? event : `${event} ${detail}`));
  }

  /** When a mail was tried, milliseconds since 1970. */
  async attempts(mailId: string): Promise<number[]> {
    const lines = await this.#ask<{ event: string; at: string }>('trace', mailId);
    return lines.flatMap(({ event, at }) => (event === 'mail-attempted' ? [Date.parse(at)] : []));
  }

  /** What `estafette doctor` finds of one matter: outcome and words. */
  async finding(matter: string): Promise<string> {
    const findings = await this.#ask<{ check: string; outcome: string; detail: string }>('doctor');
    return findings.flatMap(({ check, outcome, detail }) => (check === matter ? [`${outcome} ${detail}`] : [])).join();
  }

  /** Lines of the log with this message. */
  logged(message: string): { readonly reason?: string; readonly error?: { readonly code?: string } }[] {
    const text = readFileSync(join(this.#stage.home, 'log', 'estafette.log'), 'utf8');
    // The last line may be half written.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    return linesOf<{ msg: string; reason?: string; error?: { code?: string } }>(whole).filter(
      ({ msg }) => msg === message,
    );
  }
}
