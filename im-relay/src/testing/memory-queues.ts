/** The Queues port in memory, for tests: jobs run at once; `isFailing` makes every `add` fail as a lost Redis would. */
import { type Consumer, GiveUp, type Queues } from '@estafette/runtime/ports';

type Handler = (job: object, attempt: number) => Promise<void>;

export class MemoryQueues implements Queues {
  isFailing = false;
  /** Every job that was really added, in order. */
  readonly added: { readonly queue: string; readonly jobId: string; readonly job: object }[] = [];
  readonly givenUp: string[] = [];
  readonly #waiting = new Map<string, Map<string, object>>();
  readonly #handlers = new Map<string, Handler>();
  readonly #listeners = new Map<string, (jobId: string) => void>();
  readonly #running = new Set<Promise<void>>();

  async add<J extends object>(queue: string, jobId: string, job: J): Promise<void> {
    if (this.isFailing) throw new Error('the queue store is away');
    const waiting = this.#queueOf(queue);
    if (waiting.has(jobId)) return;
    waiting.set(jobId, job);
    this.added.push({ queue, jobId, job });
    this.#start(queue);
  }

  async consume<J extends object>(
    queue: string,
    handler: (job: J, attempt: number) => Promise<void>,
  ): Promise<Consumer> {
    this.#handlers.set(queue, (job, attempt) => handler(job as J, attempt));
    this.#start(queue);
    return {
      close: async () => {
        this.#handlers.delete(queue);
        await Promise.all(this.#running);
      },
    };
  }

  async onCompleted(queue: string, listener: (jobId: string) => void): Promise<Consumer> {
    this.#listeners.set(queue, listener);
    return { close: async () => void this.#listeners.delete(queue) };
  }

  async depth(queue: string): Promise<number> {
    return this.#queueOf(queue).size;
  }

  async close(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** Resolves when no job runs. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #queueOf(queue: string): Map<string, object> {
    const waiting = this.#waiting.get(queue) ?? new Map<string, object>();
    this.#waiting.set(queue, waiting);
    return waiting;
  }

  #start(queue: string): void {
    const handler = this.#handlers.get(queue);
    if (handler === undefined) return;
    for (const [jobId, job] of this.#queueOf(queue)) {
      const run = this.#run(queue, jobId, () => handler(job, 1)).finally(() => this.#running.delete(run));
      this.#running.add(run);
    }
  }

  async #run(queue: string, jobId: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#listeners.get(queue)?.(jobId);
    } catch (error) {
      if (!(error instanceof GiveUp)) throw error;
      this.givenUp.push(jobId);
    }
    this.#queueOf(queue).delete(jobId);
  }
}
