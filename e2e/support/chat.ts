/** `estafette chat --json` from outside: its lines, waiting for one of them, and answers on its standard input. */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { until } from './waiting.ts';

/** A document as the chat line shows it. */
export interface ChatDocument {
  readonly kind: string;
  readonly text?: string;
  readonly name?: string;
  readonly bytes?: number;
  readonly sha256?: string;
  readonly report?: {
    readonly patient: { readonly familyName: string; readonly givenName: string; readonly birthDate: string | null };
    readonly results: readonly {
      readonly label: string;
      readonly first: { readonly value: string; readonly low: string; readonly high: string };
      readonly flag: string | null;
      readonly severity: string;
    }[];
  };
}

/** The states of every reply this device has heard of, in order. */
export function replyStatesOf(chat: Chat): string[][] {
  const replies = new Set(chat.lines.flatMap(({ replyId }) => (replyId === undefined ? [] : [replyId])));
  return [...replies].map((replyId) => chat.states(replyId));
}

/** What an answer may have beside its text; `files` are paths. */
export interface AnswerWishes {
  /** Id of a letter; the last one when absent. */
  readonly answers?: string;
  readonly to?: 'sender' | 'all';
  readonly urgent?: boolean;
  readonly sendNow?: boolean;
  readonly closes?: boolean;
  readonly files?: readonly string[];
}

/** A line of the chat; which fields there are depends on its type. */
export interface ChatLine {
  readonly type: string;
  readonly conversationId?: string;
  readonly seq?: number;
  readonly from?: string;
  readonly subject?: string;
  readonly letterId?: string;
  readonly show?: string;
  readonly signature?: string;
  readonly identity?: string;
  readonly encryption?: string;
  readonly reasons?: readonly string[];
  readonly documents?: readonly ChatDocument[];
  readonly route?: string;
  readonly senderCertificateChanged?: boolean;
  readonly people?: readonly { readonly address: string; readonly role: string; readonly reachable: boolean }[];
  readonly sameMessageId?: boolean;
  readonly operator?: { readonly name: string; readonly domain: string };
  readonly replyId?: string;
  readonly text?: string;
  readonly state?: string;
  readonly failure?: string | null;
  readonly message?: string;
}

export class Chat {
  readonly lines: ChatLine[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | string>;
  #errors = '';

  constructor(child: ChildProcess, ended: Promise<number | string>) {
    this.#child = child;
    this.#ended = ended;
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => this.lines.push(JSON.parse(line) as ChatLine));
    }
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
  }

  /** The first line that fits, now or later. */
  async line(what: string, fits: (line: ChatLine) => boolean, patienceMs?: number): Promise<ChatLine> {
    const look = () => {
      if (this.#child.exitCode !== null) throw new Error(`the chat ended before: ${what}\n${this.#errors}`);
      return this.lines.find(fits);
    };
    return until(`in the chat: ${what}`, look, patienceMs);
  }

  letters(): ChatLine[] {
    return this.lines.filter((line) => line.type === 'letter' || line.type === 'quarantine');
  }

  /** The letter with this subject. */
  letter(subject: string): Promise<ChatLine> {
    return this.line(`the letter “${subject}”`, (line) => line.type === 'letter' && line.subject === subject);
  }

  /** The letter or quarantine notice of this letter id. */
  arrival(letterId: string): Promise<ChatLine> {
    return this.line(`the letter ${letterId}`, (line) => line.letterId === letterId);
  }

  /** Types an answer; resolves with its reply id once the device has it. */
  async answer(conversationId: string, text: string, wishes: AnswerWishes = {}): Promise<string> {
    this.#child.stdin?.write(`${JSON.stringify({ conversationId, text, ...wishes })}\n`);
    const echo = await this.line(`the answer “${text}”`, (line) => line.type === 'reply' && line.text === text);
    return echo.replyId ?? '';
  }

  /** Asks for a filing in the patient's record; resolves with its id once the device has it. */
  async file(conversationId: string, filing: object = {}): Promise<string> {
    const before = new Set(this.lines.filter(({ type }) => type === 'filing').map(({ replyId }) => replyId));
    this.#child.stdin?.write(`${JSON.stringify({ conversationId, filing })}\n`);
    const echo = await this.line(
      `a filing of ${conversationId}`,
      (line) => line.type === 'filing' && line.conversationId === conversationId && !before.has(line.replyId),
    );
    return echo.replyId ?? '';
  }

  /** Types something without waiting for what becomes of it. */
  type(conversationId: string, text: string): void {
    this.#child.stdin?.write(`${JSON.stringify({ conversationId, text })}\n`);
  }

  /** The states of a reply so far, in order, as the gateway announced them. */
  states(replyId: string): string[] {
    return this.lines.flatMap((line) =>
      line.type === 'status' && line.replyId === replyId && line.state !== undefined ? [line.state] : [],
    );
  }

  async end(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM');
    await this.#ended;
  }
}
