/**
 * What a judge of the page looks at: names of what can be used, contrast of what is read, and what lies in the
 * browser's stores. The functions that run inside the page stand alone, since they are sent there as text.
 */
import type { Page } from 'playwright-core';

/** Everything the page keeps on the disk (databases, caches, storage, cookies), as one text; bytes as Latin-1. */
export function readStores(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const told: string[] = [
      document.cookie,
      JSON.stringify({ ...localStorage }),
      JSON.stringify({ ...sessionStorage }),
    ];
    const tell = (value: unknown): void => {
      if (value instanceof ArrayBuffer) told.push(new TextDecoder('latin1').decode(value));
      else if (ArrayBuffer.isView(value)) told.push(new TextDecoder('latin1').decode(value));
      else if (typeof value === 'object' && value !== null) {
        told.push(value.constructor.name);
        for (const [name, inner] of Object.entries(value)) told.push(name, String(tell(inner)));
      } else told.push(String(value));
    };
    const done = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const read = database.transaction(store).objectStore(store);
        const [keys, values] = await Promise.all([done(read.getAllKeys()), done(read.getAll())]);
        told.push(`${name}/${store}`);
        tell([keys, values]);
      }
      database.close();
    }
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) told.push(`${name}: ${new URL(request.url).pathname}`);
    }
    return told.join('\n');
  });
}

/** How many values each store of the app's database holds. */
export function countStores(page: Page): Promise<Record<string, number>> {
  return page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open('estafette');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const names = [...opening.result.objectStoreNames];
          const reading = opening.result.transaction(names);
          const counts: Record<string, number> = {};
          for (const name of names) {
            const counting = reading.objectStore(name).count();
            counting.onsuccess = () => {
              counts[name] = counting.result;
            };
          }
          reading.oncomplete = () => {
            opening.result.close();
            resolve(counts);
          };
        };
      }),
  );
}

/** Ratio of WCAG 2.2 between the text of an element and the first opaque ground behind it. */
export function contrastOf(page: Page, selector: string): Promise<number> {
  return page
    .locator(selector)
    .first()
    .evaluate((element) => {
      const channels = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).map(Number);
      const luminance = (colour: string): number => {
        const [r = 0, g = 0, b = 0] = channels(colour)
          .slice(0, 3)
          .map((channel) => {
            const part = channel / 255;
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
          });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      let ground: Element | null = element;
      while (ground !== null && (channels(getComputedStyle(ground).backgroundColor)[3] ?? 1) === 0)
        ground = ground.parentElement;
      const behind = ground === null ? 'rgb(255, 255, 255)' : getComputedStyle(ground).backgroundColor;
      const [dark = 0, light = 0] = [luminance(getComputedStyle(element).color), luminance(behind)].sort(
        (a, b) => a - b,
      );
      return (light + 0.05) / (dark + 0.05);
    });
}

/** What can be used (buttons, links, fields, folds) and has no name that a screen reader could say. */
export async function namelessControls(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  const roles = ['button', 'link', 'textbox', 'checkbox', 'DisclosureTriangle', 'img', 'log', 'navigation', 'dialog'];
  return nodes
    .filter(
      (node) => !node.ignored && roles.includes(String(node.role?.value)) && !String(node.name?.value ?? '').trim(),
    )
    .map((node) => `${node.role?.value} ${node.nodeId}`);
}

/** What the keyboard reaches from the top of the page, in order, until it comes around; `!` where no focus is seen. */
export async function keyboardWay(page: Page): Promise<string[]> {
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  const way: string[] = [];
  for (let step = 0; step < 40; step += 1) {
    await page.keyboard.press('Tab');
    const reached = await page.evaluate(() => {
      const at = document.activeElement;
      if (at === null || at === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(at);
      const seen = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2;
      return `${seen ? '' : '!'}${at.getAttribute('role') ?? at.tagName.toLowerCase()}`;
    });
    if (reached === null) break;
    way.push(reached);
  }
  return way;
}
