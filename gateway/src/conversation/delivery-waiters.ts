/**
 * Waiting until the relay has stored what was sent to it. A waiter that nobody looks at any more must not end the
 * process, and one that gave up must not take the place of the next.
 */
const DELIVERY_WAIT_MS = 15_000;

export interface DeliveryWaiters {
  /** A deliver job was done. */
  onCompleted(jobId: string): void;
  /** Resolves when the job of this id is done; rejects after a while. Ask before adding the job. */
  delivered(jobId: string): Promise<void>;
}

/** Waiters by job id. */
export function createDeliveryWaiters(): DeliveryWaiters {
  const waiting = new Map<string, () => void>();
  return {
    onCompleted: (jobId) => waiting.get(jobId)?.(),
    delivered(jobId) {
      const done = new Promise<void>((resolve, reject) => {
        const end = (): void => {
          clearTimeout(timer);
          if (waiting.get(jobId) === settle) waiting.delete(jobId);
        };
        const settle = (): void => {
          end();
          resolve();
        };
        const timer = setTimeout(() => {
          end();
          reject(new Error('the relay has not stored the message yet'));
        }, DELIVERY_WAIT_MS);
        waiting.set(jobId, settle);
      });
      // Adding the job may fail first: then nobody awaits this promise.
      done.catch(() => {});
      return done;
    },
  };
}
