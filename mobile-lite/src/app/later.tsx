/**
 * Parts of the screen whose code and texts are asked for when they are first shown. The service worker has kept it, so that this
 * works offline too; where it cannot be had, a line says so, and it is asked for again when the part is shown again.
 */
import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { loadMoreWords, words } from '../words/words.ts';

const all: (() => Promise<unknown>)[] = [];

/** Loads every part ahead, so that a page that stays open keeps working when a newer app has taken the server's place. */
export async function loadAhead(): Promise<void> {
  for (const load of [...all, loadMoreWords]) await load().catch(() => undefined);
}

/** A component that stands for another one until that one is loaded. */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): (props: P) => JSX.Element | null {
  let loaded: ComponentType<P> | null = null;
  all.push(load);
  return function Later(props: P) {
    const [state, setState] = useState<'loading' | 'there' | 'failed'>(loaded === null ? 'loading' : 'there');
    useEffect(() => {
      if (loaded !== null) return setState('there');
      Promise.all([load(), loadMoreWords()]).then(
        ([component]) => {
          loaded = component;
          setState('there');
        },
        () => setState('failed'),
      );
    }, []);
    const Loaded = loaded;
    if (Loaded !== null) return <Loaded {...props} />;
    return state === 'failed' ? <p class="note amber">{words.laterFailed}</p> : null;
  };
}
