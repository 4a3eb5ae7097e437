/**
 * The smallest thing a screen and a terminal can both watch: a value that says "I changed", and a stream of
 * facts that happen once. A listener that throws does not keep the others from hearing.
 */

export type Unsubscribe = () => void;

/** A value that can be read at any time and watched for changes. */
export interface Observable<T> {
  getSnapshot(): T;
  subscribe(listener: () => void): Unsubscribe;
}

/** Listeners of one kind of fact. */
export class Listeners<T> {
  readonly #listeners = new Set<(fact: T) => void>();

  add(listener: (fact: T) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(fact: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(fact);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
