/**
 * Parts of the screen whose code and texts are asked for when they are first shown. The service worker has kept it, so that this
 * works offline too; where it cannot be had, a line says so, and it is asked for again when the part is shown again.
 */
import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { loadMoreWords, words } from '../words/words.ts';

type When = 'soon' | 'asked';

const all: Record<When, (() => Promise<unknown>)[]> = { soon: [], asked: [] };

/**
 * Loads parts ahead: the ones of the first conversation as soon as the list stands; every other one later, so that a page
 * that stays open keeps working when a newer app has taken the server's place.
 */
export async function loadAhead(when: When): Promise<void> {
  for (const load of all[when]) await load().catch(() => undefined);
}

/** A component that stands for another one until that one is loaded. */
export function later<P extends object>(
  load: () => Promise<ComponentType<P>>,
  when: When = 'asked',
): (props: P) => JSX.Element | null {
  let loaded: ComponentType<P> | null = null;
  const fetch = async (): Promise<void> => {
    const [component] = await Promise.all([load(), loadMoreWords()]);
    loaded = component;
  };
  all[when].push(fetch);
  return function Later(props: P) {
    const [state, setState] = useState<'loading' | 'there' | 'failed'>(loaded === null ? 'loading' : 'there');
    useEffect(() => {
      if (loaded !== null) return setState('there');
      fetch().then(
        () => setState('there'),
        () => setState('failed'),
      );
    }, []);
    const Loaded = loaded;
    if (Loaded !== null) return <Loaded {...props} />;
    return state === 'failed' ? <p class="note amber">{words.laterFailed}</p> : null;
  };
}
